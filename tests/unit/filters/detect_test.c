/* What is found in texts, written as "class:run" or "class/wrapping:run", parted by '|'. */
#include "filters/detect/detect.h"
#include "filters/detect/triggers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MAX 64

static struct detector detector;

static void describe(struct bytes text, struct bytes name, struct buffer *out)
{
    struct detection found[MAX];
    size_t count = detect_find(&detector, text, name, DETECT_ALL, found, MAX), last = 0;
    assert_true(count <= MAX);
    buffer_clear(out);
    for (size_t i = 0; i < count; i++) {
        assert_true(found[i].size > 0 && found[i].offset >= last &&
                    found[i].offset + found[i].size <= text.size);
        last = found[i].offset + found[i].size;
        if (i > 0)
            buffer_append_text(out, "|");
        buffer_append_text(out, detect_class_name(found[i].class));
        if (found[i].wrapping != WRAPPING_NONE)
            buffer_printf(out, "/%s", wrapping_name(found[i].wrapping));
        buffer_append_text(out, ":");
        buffer_append(out, text.data + found[i].offset, found[i].size);
    }
    /* What finds nothing under a name that says nothing may be skipped. */
    if (count > 0 && name.size == 0)
        assert_true(detect_may_find(text));
}

static void expect_named(const char *name, const char *text, const char *expected)
{
    struct buffer out = {0};
    describe(bytes_of(text), bytes_of(name), &out);
    buffer_append_byte(&out, 0);
    if (strcmp((char *)out.data, expected) != 0)
        fail_msg("%s \"%s\": found \"%s\", not \"%s\"", name, text, out.data, expected);
    buffer_free(&out);
}

static void expect(const char *text, const char *expected)
{
    expect_named("", text, expected);
}

static void expect_nothing(const char *text)
{
    expect(text, "");
}

static void test_emails(void **state)
{
    (void)state;
    expect("john.doe@example.org", "email:john.doe@example.org");
    expect("write to <john+tag@mail.example.co.uk>.", "email:john+tag@mail.example.co.uk");
    expect("a@b.io,c@d.io", "email:a@b.io|email:c@d.io");
    expect("'o'brien@example.org'", "email:o'brien@example.org");
    expect("mailto:x_y@example.museum?subject=hi", "email:x_y@example.museum");
    expect("j\xc3\xb6rg@b\xc3\xbc"
           "cher.example",
           "email:j\xc3\xb6rg@b\xc3\xbc"
           "cher.example");
    expect("JOHN@EXAMPLE.ORG", "email:JOHN@EXAMPLE.ORG");
    expect("john@xn--bcher-kva.xn--p1ai", "email:john@xn--bcher-kva.xn--p1ai");
    expect_nothing("\xff@\xfe\xff.\xa0\xa1 \xc3@x.org");
    expect("\xe9t\xe9john@x.org", "email:john@x.org");
    expect("Sec-WebSocket-Key: vf3bSlxjI9R5oosJfwM/8Q==", "");
    expect_nothing("john@localhost");
    expect_nothing("@example.org");
    expect_nothing("john@");
    expect_nothing("@");
    expect_nothing("@@@@");
    expect_nothing("react@18.2.0 logo@2x.png {\"@type\":\"x\",\"@id\":\"y\"}");
    expect_nothing("john@-.example");
}

static void test_cards(void **state)
{
    (void)state;
    expect("4111111111111111", "card:4111111111111111");
    expect("4111 1111 1111 1111", "card:4111 1111 1111 1111");
    expect("4111-1111-1111-1111", "card:4111-1111-1111-1111");
    expect("3782 822463 10005", "card:3782 822463 10005");
    expect("378282246310005", "card:378282246310005");
    expect("30569309025904", "card:30569309025904");
    expect("6011111111111117", "card:6011111111111117");
    expect("3530111333300000", "card:3530111333300000");
    expect("6304000000000000", "card:6304000000000000");
    expect("630427373398", "card:630427373398");
    expect("4000000000006", "card:4000000000006");
    expect("4131034282458809939", "card:4131034282458809939");
    expect("card_4111111111111111_x", "card:4111111111111111");
    expect("4111 1111 1111 1111 5555 5555 5555 4444", "card:4111 1111 1111 1111|card:5555 5555 5555 4444");
    expect("4111111111111111 5555555555554444", "card:4111111111111111|card:5555555555554444");
    expect("{\"n\":4111111111111111}", "card:4111111111111111");
    expect("\\n4111111111111111", "card:4111111111111111");
    expect_nothing("4111111111111112");
    expect_nothing("04111111111111111");
    expect_nothing("41111111111111111111");
    expect_nothing("a4111111111111111");
    expect_nothing("4111111111111111a");
    expect_nothing("0.4111111111111111");
    expect_nothing("4111111111111111.25");
    expect_nothing("1732773291000 20261128055451 1732773291000000000");
    expect_nothing("1234567890123452"); /* Luhn fits, no issuer */
    expect_nothing("4111  1111  1111  1111");
    expect_nothing("699c8cb8-5826-4353-8157-94d91c1a3cac"); /* groups of a UUID */
}

static void test_ibans(void **state)
{
    (void)state;
    expect("GB82WEST12345698765432", "iban:GB82WEST12345698765432");
    expect("gb82west12345698765432", "iban:gb82west12345698765432");
    expect("GB82 WEST 1234 5698 7654 32", "iban:GB82 WEST 1234 5698 7654 32");
    expect("IBAN:DE89370400440532013000.", "iban:DE89370400440532013000");
    expect("to de89 3704 0044 0532 0130 00 now", "iban:de89 3704 0044 0532 0130 00");
    expect("NO9386011117947", "iban:NO9386011117947");
    expect_nothing("GB82WEST12345698765433");
    expect_nothing("GB82WEST123456987654320");
    expect_nothing("ZZ82WEST12345698765432");
    expect_nothing("XGB82WEST12345698765432");
    /* Groups of a UUID. */
    expect_nothing("8ceff01f-ad63-4155-b5b9-586150d59e52");
}

static void test_social_security_numbers(void **state)
{
    (void)state;
    expect("ssn 460-89-9847", "ssn:460-89-9847");
    expect("460 89 9847", "ssn:460 89 9847");
    expect("912-70-1234", "ssn:912-70-1234");
    expect_nothing("000-12-3456");
    expect_nothing("666-12-3456");
    expect_nothing("123-00-3456");
    expect_nothing("123-45-0000");
    expect_nothing("912-20-1234");
    expect_nothing("2026-11-28 1123-45-6789 123-45-67890 123-45-6789-0 0-123-45-6789");
    expect_nothing("460899847");
    expect_named("customerSSN", "460899847", "ssn:460899847");
    expect_named("ssn", " 460899847", "ssn:460899847");
    expect_named("session", "460899847", "");
    expect_named("ssn", "000899847", "");
}

static void test_phones(void **state)
{
    (void)state;
    expect("+14155552671", "phone:+14155552671");
    expect("call +44 20 7946 0958 now", "phone:+44 20 7946 0958");
    expect("+1 (415) 555-2671", "phone:+1 (415) 555-2671");
    expect("+49.1701234567", "phone:+49.1701234567");
    expect_nothing("+0115552671");
    expect_nothing("+1234567");
    expect_nothing("1+14155552671");
    expect_nothing("2026-11-28T05:54:51+10:00");
    expect_nothing("+48.85770 +3.14159265");
    expect_nothing("+1234567890123456");
    expect_nothing("(415) 555-2671");
    expect_named("homePhone", "(415) 555-2671", "phone:(415) 555-2671");
    expect_named("mobile", "07700 063 966", "phone:07700 063 966");
    expect_named("phone", "12", "");
    expect_named("microphone_count", "five million", "");
}

static void test_internet_addresses(void **state)
{
    (void)state;
    expect("from 203.0.113.9:443", "ipv4:203.0.113.9");
    expect("http://10.1.2.3/x", "ipv4:10.1.2.3");
    expect("10.1.2.3/24", "ipv4:10.1.2.3");
    expect("/hosts/10.1.2.3", "ipv4:10.1.2.3");
    expect("10.1.2.3,10.1.2.4", "ipv4:10.1.2.3|ipv4:10.1.2.4");
    expect("sent by 10.1.2.3.", "ipv4:10.1.2.3");
    expect_nothing("1.2.3 1.2.3.4.5 256.1.1.1 01.2.3.4 v1.2.3.4 1.2.3.4-beta 127.0.0.1 127.8.9.10 0.0.0.0 "
                   "255.255.255.255");
    expect_nothing("Mozilla/5.0 Chrome/120.0.6099.18 Safari/537.36");
    expect_nothing("version 10.0.19.41, build: 7.1.2.3");
    expect_named("app_version", "10.1.2.3", "");
    expect_nothing("12.50 13.75 14.99 15.5");
    expect("2001:db8:85a3::8a2e:370:7334", "ipv6:2001:db8:85a3::8a2e:370:7334");
    expect("[2001:db8::1]:443", "ipv6:2001:db8::1");
    expect("2001:0DB8:0000:0000:0000:0000:0000:0001", "ipv6:2001:0DB8:0000:0000:0000:0000:0000:0001");
    expect("::ffff:10.1.2.3", "ipv6:::ffff:10.1.2.3");
    expect("fe80::1ff:fe23:4567:890a%eth0", "ipv6:fe80::1ff:fe23:4567:890a");
    expect("addr:2001:db8::17, ", "ipv6:2001:db8::17");
    expect("x:12:34:2001:db8::17", "ipv6:12:34:2001:db8::17");
    expect_nothing(
        "std::dead0 abc:::::: x:::: :1:2:3: std::vector a::before ::1 :: 05:54:51 12:34:56:78 1:2:3:4:5:6:7");
    expect("00:1a:2B:3c:4d:5e", "mac:00:1a:2B:3c:4d:5e");
    expect("00-1a-2b-3c-4d-5e", "mac:00-1a-2b-3c-4d-5e");
    expect_nothing("00:00:00:00:00:00 ff:ff:ff:ff:ff:ff 00:1a:2B:3c:4d 00:1a:2B:3c:4d:5e:6f:70:81");
}

static void test_national_numbers_only_under_their_name(void **state)
{
    (void)state;
    expect_nothing("234567890124 9434765919 44051401458 52998224725 12345678Z 123456782 111222333");
    expect_named("aadhaar_number", "2345 6789 0124", "national-id:2345 6789 0124");
    expect_named("aadhaar_number", "2345 6789 0125", "");
    expect_named("nhsNumber", "943 476 5919", "national-id:943 476 5919");
    expect_named("nhs", "9434765918", "");
    expect_named("pesel", "44051401458", "national-id:44051401458");
    expect_named("cpf", "529.982.247-25", "national-id:529.982.247-25");
    expect_named("nif", "12345678Z", "national-id:12345678Z");
    expect_named("nie", "X1234567L", "national-id:X1234567L");
    expect_named("nif", "123456789", "national-id:123456789");
    expect_named("tfn", "123 456 782", "national-id:123 456 782");
    expect_named("bsn", "111222333", "national-id:111222333");
    expect_named("bsn", "111222334", "");
    expect_named("significant", "123456789", "");
}

#define HEADER  "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
#define PAYLOAD "eyJzdWIiOiIxMjM0NTY3ODkwIn0"

static void test_json_web_tokens(void **state)
{
    (void)state;
    const char *jwt = HEADER "." PAYLOAD ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
    char text[512], expected[512];
    snprintf(expected, sizeof expected, "jwt:%s", jwt);
    expect(jwt, expected);
    snprintf(text, sizeof text, "{\"t\":\"%s\"}", jwt);
    expect(text, expected);
    expect(HEADER "." PAYLOAD ".", "jwt:" HEADER "." PAYLOAD ".");
    expect_nothing(HEADER);
    expect_nothing(HEADER "." PAYLOAD);
    /* No header with an algorithm. */
    expect_nothing("eyJ0eXAiOiJKV1QiLCJhIjoxfQ." PAYLOAD ".x");
    expect("eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAAAAAAAAAAAAAA.c2VjcmV0.QUJD",
           "jwt:eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAAAAAAAAAAAAAA.c2VjcmV0.QUJD");
}

static void test_credentials_after_a_scheme(void **state)
{
    (void)state;
    expect("Authorization: Basic YWxhZGRpbjpvcGVuc2VzYW1l", "basic:YWxhZGRpbjpvcGVuc2VzYW1l");
    expect("Basic dXNlcjpwYXNz", "basic:dXNlcjpwYXNz");
    expect("basic YTpi", "basic:YTpi");
    expect("Bearer t0ken1", "auth:t0ken1");
    expect("{\"x\":\"apikey 46weOp0-889a-=\"}", "auth:46weOp0-889a-=");
    expect("Authorization: Basic  dGVzdDoxOjM0", "basic:dGVzdDoxOjM0");
    expect("Basic   YTpi", "basic:YTpi");
    expect("x Basic 1", "");
    expect("x Basic ", "");
    expect_nothing("Basic plan");
    expect_nothing("Basic");
    expect_nothing("Bearer ");
    expect_nothing("Basic AuthenticationRequired");
    expect("Bearer mF_9.B5f-4.1JqM1234567890", "auth:mF_9.B5f-4.1JqM1234567890");
    expect_nothing("Bearer AuthenticationToken");
    expect_nothing("Bearer realm=\"Example12\"");
    expect("Negotiate YIIJvwYGKwYBBQUCoIIJszCCCa+gJ", "auth:YIIJvwYGKwYBBQUCoIIJszCCCa+gJ");
    expect("Digest username=\"Mufasa\", response=\"6629fae4\", opaque=\"x\" end",
           "auth:username=\"Mufasa\", response=\"6629fae4\", opaque=\"x\"");
    expect("AWS4-HMAC-SHA256 Credential=AKID/2026/us, SignedHeaders=host, Signature=fe5f80",
           "auth:Credential=AKID/2026/us, SignedHeaders=host, Signature=fe5f80");
    expect("Hawk id=\"dh37\", ts=\"1353832234\", mac=\"6R4rV5iE+NPoym+WwjeHzjAGXUtLNIxmo1vpMofpLAE=\"",
           "auth:id=\"dh37\", ts=\"1353832234\", mac=\"6R4rV5iE+NPoym+WwjeHzjAGXUtLNIxmo1vpMofpLAE=\"");
}

static void test_private_keys(void **state)
{
    (void)state;
    expect("x -----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY----- y",
           "private-key:-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----");
    expect("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn",
           "private-key:-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn");
    expect("AGE-SECRET-KEY-1QQPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHC",
           "private-key:AGE-SECRET-KEY-1QQPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHC");
    expect_nothing("-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----");
    expect_nothing("-----BEGIN ");
}

static void test_provider_tokens(void **state)
{
    (void)state;
    expect("AKIAIOSFODNN7EXAMPLE", "provider-token:AKIAIOSFODNN7EXAMPLE");
    expect("key=ghp_0123456789abcdefghijABCDEFGHIJ012345;",
           "provider-token:ghp_0123456789abcdefghijABCDEFGHIJ012345");
    expect("xoxb-123456789012-1234567890123-abcdefghijklmnop",
           "provider-token:xoxb-123456789012-1234567890123-abcdefghijklmnop");
    expect("sk_live_"
           "4eC39HqLyjWDarjtT1zdp7dc",
           "provider-token:sk_live_"
           "4eC39HqLyjWDarjtT1zdp7dc");
    expect("SG."
           "ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf-09kqeF8tAmbihYzrnopKc-1s5cr",
           "provider-token:SG."
           "ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf-09kqeF8tAmbihYzrnopKc-1s5cr");
    expect("110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1",
           "provider-token:110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1");
    expect("my_AKIAIOSFODNN7EXAMPLE", "provider-token:AKIAIOSFODNN7EXAMPLE");
    expect_nothing("xAKIAIOSFODNN7EXAMPLE AKIAIOSFODNN7EXAMPL ghp_0123");
}

static void test_urls_with_credentials(void **state)
{
    (void)state;
    expect("postgres://admin:s3cret@db.example.org/x", "url-credential:admin|url-credential:s3cret");
    expect("redis://:s3cret@cache", "url-credential:s3cret");
    expect("amqp://a:p%40ss@h", "url-credential:a|url-credential/percent:p%40ss");
    expect("https://ghtoken@github.com/x", "url-credential:ghtoken");
    expect("mongodb://u:p@ss@h1,h2", "url-credential:u|url-credential:p@ss");
    expect_nothing("https://example.org/@user https://medium.com/@me/x");
}

static void test_random_text_beside_the_name_of_a_key(void **state)
{
    (void)state;
    expect_nothing("9fL2kQz7Xw4Rt8Bn1Vc6");
    expect("api_key=9fL2kQz7Xw4Rt8Bn1Vc6", "high-entropy:9fL2kQz7Xw4Rt8Bn1Vc6");
    expect("{\\\"secret\\\": \\\"9fL2kQz7Xw4Rt8Bn1Vc6\\\"}", "high-entropy:9fL2kQz7Xw4Rt8Bn1Vc6");
    expect_named("aws_key", "9fL2kQz7Xw4Rt8Bn1Vc6", "high-entropy:9fL2kQz7Xw4Rt8Bn1Vc6");
    expect_named("public_key", "9fL2kQz7Xw4Rt8Bn1Vc6", "");
    expect_named("etag", "9fL2kQz7Xw4Rt8Bn1Vc6", "");
    expect_named("aws_key", "aaaaaaaaaa1111111111", "");
    expect("order_id=9fL2kQz7Xw4Rt8Bn1Vc6", "");
}

static void test_wrapped_values(void **state)
{
    (void)state;
    expect("q=john%40example.org&x=1", "email/percent:john%40example.org");
    expect("q=john%2540example.org", "email/percent:john%2540example.org");
    expect("c=4111+1111+1111+1111", "card/form:4111+1111+1111+1111");
    expect("p=%2B14155552671", "phone/percent:%2B14155552671");
    expect("x=%3D4111111111111111", "card:4111111111111111");
    expect("am9obkBleGFtcGxlLm9yZw==", "email/base64:am9obkBleGFtcGxlLm9yZw==");
    expect("am9obkBleGFtcGxlLm9yZw", "email/base64:am9obkBleGFtcGxlLm9yZw");
    expect("eGpvaG5AZXhhbXBsZS5vcmcgYWJj", "email/base64:eGpvaG5AZXhhbXBsZS5vcmcgYWJj");
    expect("/users/am9obkBleGFtcGxlLm9yZw/edit", "email/base64:am9obkBleGFtcGxlLm9yZw");
    /* Both alphabets in one run: what was found is covered. */
    expect("---Y-----/sram9obkBleGFtcGxlLm9yZw/edit", "email/base64url:-/sram9obkBleGFtcGxlLm9yZw");
    expect("6a6f686e406578616d706c652e6f7267", "email/hex:6a6f686e406578616d706c652e6f7267");
    expect("x: 6A6F686E406578616D706C652E6F7267", "email/hex:6A6F686E406578616D706C652E6F7267");
    expect("\\u006aohn\\u0040example.org", "email/json:\\u006aohn\\u0040example.org");
    expect("john&#64;example&period;org", "email/html:john&#64;example&period;org");
    expect("john=40example=2Eorg", "email/quoted-printable:john=40example=2Eorg");
    expect("460-89-=\r\n9847", "ssn/quoted-printable:460-89-=\r\n9847");
    expect("Zm9vIDQ2MC04OS05ODQ3IGJhcg==", "ssn/base64:Zm9vIDQ2MC04OS05ODQ3IGJhcg==");
    struct buffer out = {0};
    describe(BYTES_LITERAL("4\0"
                           "6\0"
                           "0\0-\0"
                           "8\0"
                           "9\0-\0"
                           "9\0"
                           "8\0"
                           "4\0"
                           "7\0"),
             (struct bytes){0}, &out);
    assert_memory_equal(out.data, "ssn/utf-16le:4", 14);
    describe(BYTES_LITERAL("\0"
                           "4\0"
                           "6\0"
                           "0\0-\0"
                           "8\0"
                           "9\0-\0"
                           "9\0"
                           "8\0"
                           "4\0"
                           "7"),
             (struct bytes){0}, &out);
    assert_memory_equal(out.data,
                        "ssn/utf-16be:\0"
                        "4",
                        15);
    buffer_free(&out);
}

static bool is_fake(void *arg, enum detect_class class, struct bytes value)
{
    (void)arg;
    (void)class;
    return bytes_equal(value, BYTES_LITERAL("fake@example.org")) || bytes_equal(value, BYTES_LITERAL("fake"));
}

static void test_values_of_ours_are_no_findings(void **state)
{
    (void)state;
    detector.is_ours = is_fake;
    expect("fake@example.org, real@example.org", "email:real@example.org");
    expect("ZmFrZUBleGFtcGxlLm9yZw== fake%40example.org", "");
    expect("http://fake:fake@h http://f%61ke:real@h", "url-credential:real");
    expect("Basic ZmFrZTpmYWtl", "");
    expect("Basic ZmFrZTpyZWFs", "basic:ZmFrZTpyZWFs");
    detector.is_ours = NULL;
}

static void test_only_the_classes_that_are_asked_for(void **state)
{
    (void)state;
    struct detection found[4];
    struct bytes text = bytes_of("john@example.org 460-89-9847");
    assert_int_equal(detect_find(&detector, text, (struct bytes){0}, DETECT_BIT(DETECT_SSN), found, 4), 1);
    assert_int_equal(found[0].class, DETECT_SSN);
    assert_int_equal(detect_find(&detector, text, (struct bytes){0}, 0, found, 4), 0);
}

static void test_more_than_fit_is_told(void **state)
{
    (void)state;
    struct detection found[4];
    struct buffer text = {0}, coded = {0};
    for (int i = 0; i < 600; i++)
        buffer_printf(&text, "user%d@example.org ", i);
    assert_int_equal(detect_find(&detector, buffer_bytes(&text), (struct bytes){0}, DETECT_ALL, found, 4), 5);
    assert_int_equal(detect_find(&detector, buffer_bytes(&text), (struct bytes){0}, DETECT_ALL, found, 0), 1);
    for (int i = 0; i < 600; i++)
        buffer_printf(&coded, "user%d%%40example.org ", i);
    struct detection many[1024];
    assert_int_equal(detect_find(&detector, buffer_bytes(&coded), (struct bytes){0}, DETECT_ALL, many, 1024),
                     1025);
    buffer_free(&text);
    buffer_free(&coded);
}

static void test_plain_json_has_no_trigger(void **state)
{
    (void)state;
    assert_false(detect_may_find(
        bytes_of("{\"id\":12345,\"name\":\"Wooden "
                 "table\",\"price\":129.99,\"in_stock\":true,\"created_at\":\"2026-11-28T05:54:51.123Z\","
                 "\"tags\":[\"garden\",\"outdoor furniture\",\"sale\"],\"description\":\"A table \\\"for\\\" "
                 "six\\nand more.\",\"shipping_address_line\":null}")));
    assert_false(detect_may_find((struct bytes){0}));
    assert_false(detect_may_find(bytes_of("x")));
}

/* Calm up to what may be a value, which begins at |expected|. */
static void assert_calm(const char *text, size_t expected)
{
    assert_int_equal(detect_calm(bytes_of(text)), expected);
}

/* A short text is weighed first; what follows it here is of no kind, and makes it long. */
static void test_short_texts_have_the_triggers_of_long_ones(void **state)
{
    (void)state;
    static const char letters[] = "aAbBcCrR09z_-- ..::/,\"";
    char text[64];
    uint64_t random = 1;
    for (unsigned round = 0; round < 300000; round++) {
        size_t size = 1 + (random >> 40) % 24, kinds = 2 + (random >> 50) % (sizeof letters - 2);
        for (size_t i = 0; i < size; i++) {
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            text[i] = letters[(random >> 33) % kinds];
        }
        memset(text + size, '/', sizeof text - size);
        struct triggers alone, among = {0};
        if (triggers_next(bytes_make(text, sizeof text), 0, &among) == 0 &&
            __builtin_ctzll(among.any) < (int)size)
            assert_int_equal(triggers_next(bytes_make(text, size), 0, &alone), 0);
    }
    static const char *const some[] = {"basic x", "Bearer x", "-----B",  "1-2-3-45-6",
                                       "::",      "a:b:c:",   "1.1.1.1", "AB"};
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        size_t size = strlen(some[i]);
        memset(text, '/', sizeof text);
        memcpy(text, some[i], size);
        struct triggers alone, among = {0};
        bool long_has = triggers_next(bytes_make(text, sizeof text), 0, &among) == 0;
        assert_true(!long_has || triggers_next(bytes_of(some[i]), 0, &alone) == 0);
    }
}

static void test_text_of_pairs_is_calm_up_to_what_may_be_a_value(void **state)
{
    (void)state;
    assert_calm("", 0);
    assert_calm("/api/v1/items/7?page=2&sort=price&from=2026-11-28", 49);
    assert_calm("/a?to=a@example.com", 7);
    assert_calm("/a?ip=93.184.216.34", 8);
    assert_calm("/a?text=50%25", 10);
    assert_calm("/cards/4111111111111111?a=b", 7);
    char text[400];
    for (size_t at = 0; at < 300; at++) { /* wherever blocks end */
        memset(text, '=', sizeof text);
        memcpy(text + at, "4111111111111111", 16);
        assert_int_equal(detect_calm(bytes_make((const uint8_t *)text, sizeof text)), at);
    }
}

static void test_next_names_the_value_in_raw_json(void **state)
{
    (void)state;
    struct bytes text = bytes_of(
        "{\"a\":\"plain words\",\"b\":\"x\\n460-89-9847\",\"c\":\"plain words\",\"d\":\"john@example.org\"}");
    size_t at = detect_next(text, 0);
    const char *json = (const char *)text.data;
    assert_true(at >= (size_t)(strstr(json, "x\\n460") - json) &&
                at < (size_t)(strstr(json, "\",\"c\"") - json));
    at = detect_next(text, (size_t)(strstr(json, ",\"c\"") - json));
    assert_true(at >= (size_t)(strstr(json, "john") - json) && at < text.size - 2);
    assert_int_equal(detect_next(text, text.size - 2), text.size);
    assert_int_equal(detect_next(text, text.size), text.size);
    /* What the name of a member says its reader knows; what a name inside a value says nobody else does. */
    text = bytes_of("{\"api_key\":\"9fL2kQz7Xw4Rt8Bn1Vc6\",\"secret\": \"9fL2kQz7Xw4Rt8Bn1Vc6\"}");
    assert_int_equal(detect_next(text, 0), text.size);
    assert_true(detect_may_find(text));
    text = bytes_of("{\"x\":\"{\\\"secret\\\":\\\"9fL2kQz7Xw4Rt8Bn1Vc6\\\"}\"}");
    assert_true(detect_next(text, 0) < text.size);
    text = bytes_of("{\"x\":\"api_key=9fL2kQz7Xw4Rt8Bn1Vc6\"}");
    assert_true(detect_next(text, 0) < text.size);
}

static int end(void **state)
{
    (void)state;
    detector_done(&detector);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_emails),
        cmocka_unit_test(test_cards),
        cmocka_unit_test(test_ibans),
        cmocka_unit_test(test_social_security_numbers),
        cmocka_unit_test(test_phones),
        cmocka_unit_test(test_internet_addresses),
        cmocka_unit_test(test_national_numbers_only_under_their_name),
        cmocka_unit_test(test_json_web_tokens),
        cmocka_unit_test(test_credentials_after_a_scheme),
        cmocka_unit_test(test_private_keys),
        cmocka_unit_test(test_provider_tokens),
        cmocka_unit_test(test_urls_with_credentials),
        cmocka_unit_test(test_random_text_beside_the_name_of_a_key),
        cmocka_unit_test(test_wrapped_values),
        cmocka_unit_test(test_values_of_ours_are_no_findings),
        cmocka_unit_test(test_only_the_classes_that_are_asked_for),
        cmocka_unit_test(test_more_than_fit_is_told),
        cmocka_unit_test(test_plain_json_has_no_trigger),
        cmocka_unit_test(test_short_texts_have_the_triggers_of_long_ones),
        cmocka_unit_test(test_text_of_pairs_is_calm_up_to_what_may_be_a_value),
        cmocka_unit_test(test_next_names_the_value_in_raw_json),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
