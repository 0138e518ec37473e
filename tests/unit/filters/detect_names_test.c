/* What names of fields say. */
#include "filters/detect/detect_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void hints(const char *name, uint32_t expected)
{
    uint32_t is = detect_name_hints(bytes_of(name));
    if (is != expected)
        fail_msg("%s: %x, not %x", name, is, expected);
}

static void test_names_of_keys(void **state)
{
    (void)state;
    static const char *const names[] = {"token",          "accessToken", "X-Api-Key",   "APIKEY",
                                        "client_secret",  "db.password", "passwd",      "user[pass]",
                                        "authKey",        "x-auth",      "my_key",      "key",
                                        "awsCredentials", "jwt",         "private-key", "Authorization",
                                        "PHPSESSIONID",   "creds",       "pwd",         "signature",
                                        "passphrase",     "bearer"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        hints(names[i], HINT_KEY);
    static const char *const others[] = {
        "",          "k",         "monkey",      "keyboard",   "author",
        "passenger", "publicKey", "primary_key", "cacheKey",   "partition-key",
        "name",      "id",        "order_id",    "description"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        hints(others[i], 0);
}

static void test_names_of_numbers(void **state)
{
    (void)state;
    hints("homePhone", HINT_PHONE);
    hints("phone2", HINT_PHONE);
    hints("tel", HINT_PHONE);
    hints("Mobile-Number", HINT_PHONE);
    hints("fax", HINT_PHONE);
    hints("cell", HINT_PHONE);
    hints("cell_count", 0);
    hints("hotel", 0);
    hints("mobility", 0);
    hints("ssn", HINT_SSN);
    hints("customerSSN", HINT_SSN);
    hints("tax_id", HINT_SSN);
    hints("session", 0);
    hints("aadhaar_no", HINT_AADHAAR);
    hints("nhsNumber", HINT_NHS);
    hints("PESEL", HINT_PESEL);
    hints("cpf", HINT_CPF);
    hints("nif", HINT_NIF);
    hints("significant", 0);
    hints("taxFileNumber", HINT_TFN);
    hints("bsn", HINT_BSN);
    hints("app_version", HINT_VERSION);
    hints("User-Agent", HINT_VERSION);
    hints("driver", 0);
    hints("server", 0);
}

static void test_of_a_long_name_the_end_counts(void **state)
{
    (void)state;
    char name[200];
    memset(name, 'x', sizeof name);
    memcpy(name + sizeof name - 10, ".api_token", 10);
    assert_int_equal(detect_name_hints(bytes_make(name, sizeof name)), HINT_KEY);
    memset(name, 'X', sizeof name);
    assert_int_equal(detect_name_hints(bytes_make(name, sizeof name)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_keys),
        cmocka_unit_test(test_names_of_numbers),
        cmocka_unit_test(test_of_a_long_name_the_end_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
