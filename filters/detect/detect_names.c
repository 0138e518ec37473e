#include "filters/detect/detect_names.h"

#include "filters/detect/detect_chars.h"

#define NAME_MAX_SIZE 64 /* of a longer name the end counts: "user.address.phone" */

/* How a word must stand in a name. */
enum stands {
    AS_PART, /* as a word of it */
    AS_LAST, /* as its last word, or all of it */
    AS_STEM, /* anywhere */
};

#define WORD(word, stands, hint)                                                                             \
    {                                                                                                        \
        word, sizeof(word) - 1, stands, hint                                                                 \
    }

static const struct {
    const char *word;
    uint8_t size;
    enum stands stands;
    uint32_t hint;
} words[] = {
    /* by first letter */
    WORD("apikey", AS_STEM, HINT_KEY),
    WORD("accesskey", AS_STEM, HINT_KEY),
    WORD("authorization", AS_STEM, HINT_KEY),
    WORD("auth", AS_PART, HINT_KEY),
    WORD("aadhaar", AS_STEM, HINT_AADHAAR),
    WORD("aadhar", AS_STEM, HINT_AADHAAR),
    WORD("bearer", AS_STEM, HINT_KEY),
    WORD("bsn", AS_PART, HINT_BSN),
    WORD("burgerservicenummer", AS_STEM, HINT_BSN),
    WORD("build", AS_LAST, HINT_VERSION),
    WORD("credential", AS_STEM, HINT_KEY),
    WORD("creds", AS_PART, HINT_KEY),
    WORD("cellular", AS_PART, HINT_PHONE),
    WORD("cell", AS_LAST, HINT_PHONE),
    WORD("cpf", AS_PART, HINT_CPF),
    WORD("contribuinte", AS_STEM, HINT_NIF),
    WORD("dni", AS_PART, HINT_NIF),
    WORD("fax", AS_PART, HINT_PHONE),
    WORD("firmware", AS_LAST, HINT_VERSION),
    WORD("itin", AS_PART, HINT_SSN),
    WORD("jwt", AS_PART, HINT_KEY),
    WORD("key", AS_LAST, HINT_KEY),
    WORD("mobile", AS_PART, HINT_PHONE),
    WORD("msisdn", AS_STEM, HINT_PHONE),
    WORD("nhs", AS_PART, HINT_NHS),
    WORD("nhsnumber", AS_STEM, HINT_NHS),
    WORD("nif", AS_PART, HINT_NIF),
    WORD("nie", AS_PART, HINT_NIF),
    WORD("nationalid", AS_STEM,
         HINT_AADHAAR | HINT_NHS | HINT_PESEL | HINT_CPF | HINT_NIF | HINT_TFN | HINT_BSN | HINT_SSN),
    WORD("privatekey", AS_STEM, HINT_KEY),
    WORD("password", AS_STEM, HINT_KEY),
    WORD("passwd", AS_STEM, HINT_KEY),
    WORD("passphrase", AS_STEM, HINT_KEY),
    WORD("pwd", AS_PART, HINT_KEY),
    WORD("pass", AS_LAST, HINT_KEY),
    WORD("phone", AS_STEM, HINT_PHONE),
    WORD("pesel", AS_STEM, HINT_PESEL),
    WORD("release", AS_LAST, HINT_VERSION),
    WORD("secret", AS_STEM, HINT_KEY),
    WORD("signature", AS_STEM, HINT_KEY),
    WORD("sessionid", AS_STEM, HINT_KEY),
    WORD("ssn", AS_PART, HINT_SSN),
    WORD("socialsecurity", AS_STEM, HINT_SSN),
    WORD("token", AS_STEM, HINT_KEY),
    WORD("tel", AS_PART, HINT_PHONE),
    WORD("taxid", AS_STEM, HINT_SSN),
    WORD("taxpayerid", AS_STEM, HINT_SSN),
    WORD("tfn", AS_PART, HINT_TFN),
    WORD("taxfile", AS_STEM, HINT_TFN),
    WORD("uidai", AS_PART, HINT_AADHAAR),
    WORD("useragent", AS_STEM, HINT_VERSION),
    WORD("version", AS_STEM, HINT_VERSION),
    WORD("ver", AS_LAST, HINT_VERSION),
    WORD("whatsapp", AS_PART, HINT_PHONE),
};
/* Where the words of each letter begin, and the end. */
static const uint8_t first_words[27] = {0,  6,  10, 16, 17, 17, 19, 19, 19, 20, 21, 22, 22, 24,
                                        29, 29, 37, 37, 38, 43, 49, 51, 53, 54, 54, 54, 54};
_Static_assert(sizeof words / sizeof words[0] == 54, "first_words counts them");

/* Words before "key" that make it no secret. */
static const char *const harmless_keys[] = {"public",    "primary", "foreign", "cache",     "sort",
                                            "partition", "object",  "route",   "routing",   "idempotency",
                                            "hot",       "row",     "group",   "websocket", "i18n"};

/* A name as letters and digits, in lower case, and where its words begin. */
struct words_of {
    uint8_t text[NAME_MAX_SIZE];
    uint64_t starts; /* bit i: a word begins at i */
    size_t size;
};

static void split(struct bytes name, struct words_of *ret_words)
{
    if (name.size > NAME_MAX_SIZE)
        name = bytes_make(name.data + (name.size - NAME_MAX_SIZE), NAME_MAX_SIZE);
    ret_words->size = 0;
    ret_words->starts = 0;
    bool apart = true;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t byte = name.data[i];
        if (!char_is(byte, CHAR_WORD)) {
            apart = true;
            continue;
        }
        bool capital = char_is(byte, CHAR_UPPER) && i > 0 && !char_is(name.data[i - 1], CHAR_UPPER);
        if (apart || capital)
            ret_words->starts |= UINT64_C(1) << ret_words->size;
        apart = false;
        ret_words->text[ret_words->size++] = char_lower(byte);
    }
}

static bool is_start(const struct words_of *of, size_t at)
{
    return at == of->size || (of->starts >> at & 1);
}

/* Whether the |size| bytes of |word|, which stand at |at| of |of|, stand there as they must. A number after them is fine: "phone2". */
static bool stands_as(const struct words_of *of, size_t at, size_t size, enum stands stands)
{
    if (stands == AS_STEM)
        return true;
    size_t end = at + size;
    while (end < of->size && char_is(of->text[end], CHAR_DIGIT))
        end++;
    return is_start(of, at) && (stands == AS_LAST ? end == of->size : is_start(of, end));
}

static bool word_at(const struct words_of *of, size_t at, const char *word, size_t size, enum stands stands)
{
    return size <= of->size - at && memcmp(of->text + at, word, size) == 0 && stands_as(of, at, size, stands);
}

/* The hints of the words that stand at |at|, which is not the last character. */
static uint32_t hints_at(const struct words_of *of, size_t at)
{
    uint8_t first = of->text[at], second = of->text[at + 1];
    uint32_t hints = 0;
    if (first < 'a')
        return 0; /* a digit */
    for (unsigned i = first_words[first - 'a']; i < first_words[first - 'a' + 1]; i++)
        if ((uint8_t)words[i].word[1] == second &&
            word_at(of, at, words[i].word, words[i].size, words[i].stands))
            hints |= words[i].hint;
    return hints;
}

uint32_t detect_name_hints(struct bytes name)
{
    struct words_of of;
    uint32_t hints = 0;
    split(name, &of);
    for (size_t at = 0; at + 1 < of.size; at++)
        hints |= hints_at(&of, at);
    if (!(hints & HINT_KEY) || of.size <= 3 || memcmp(of.text + of.size - 3, "key", 3) != 0)
        return hints;
    for (size_t i = 0; i < sizeof harmless_keys / sizeof harmless_keys[0]; i++)
        for (size_t at = 0; at < of.size; at++)
            if (word_at(&of, at, harmless_keys[i], strlen(harmless_keys[i]), AS_PART))
                return hints & ~(uint32_t)HINT_KEY;
    return hints;
}
