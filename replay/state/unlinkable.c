#include "replay/state/unlinkable.h"

#include "common/http1_head.h"

#include <string.h>

#define SCHEME(text)                                                                                         \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }

const char *unlinkable_name(enum unlinkable unlinkable)
{
    static const char *const names[] = {
#define X(name, text) text,
        UNLINKABLES(X)
#undef X
    };
    return names[unlinkable];
}

/* Whether |name| is |plain| (lower case, letters and digits alone), or ends with it, whatever its case and signs. */
static bool ends_with(const char *name, const char *plain)
{
    size_t at = strlen(plain);
    for (size_t i = strlen(name); i > 0 && at > 0; i--) {
        char letter = name[i - 1];
        if (letter >= 'A' && letter <= 'Z')
            letter = (char)(letter | 0x20);
        else if (!((letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9')))
            continue;
        if (letter != plain[--at])
            return false;
    }
    return at == 0;
}

unsigned unlinkable_of_name(const char *name)
{
    static const struct {
        const char *plain;
        unsigned bit;
    } names[] = {
        {"amzsignature", UNLINKABLE_BIT(SIGV4)},
        {"amzcredential", UNLINKABLE_BIT(SIGV4)},
        {"dpop", UNLINKABLE_BIT(DPOP)},
        {"codeverifier", UNLINKABLE_BIT(PKCE)},
        {"csrfmiddlewaretoken", UNLINKABLE_BIT(CSRF)},
        {"authenticitytoken", UNLINKABLE_BIT(CSRF)},
        {"requestverificationtoken", UNLINKABLE_BIT(CSRF)},
        {"csrftoken", UNLINKABLE_BIT(CSRF)},
        {"xsrftoken", UNLINKABLE_BIT(CSRF)},
        {"totp", UNLINKABLE_BIT(TOTP)},
        {"hotp", UNLINKABLE_BIT(TOTP)},
        {"otp", UNLINKABLE_BIT(TOTP)},
        {"otpcode", UNLINKABLE_BIT(TOTP)},
        {"mfacode", UNLINKABLE_BIT(TOTP)},
        {"twofactorcode", UNLINKABLE_BIT(TOTP)},
        {"onetimecode", UNLINKABLE_BIT(TOTP)},
        {"smscode", UNLINKABLE_BIT(TOTP)},
        {"verificationcode", UNLINKABLE_BIT(TOTP)},
        {"signature", UNLINKABLE_BIT(HMAC)},
        {"hmac", UNLINKABLE_BIT(HMAC)},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (ends_with(name, names[i].plain))
            return names[i].bit;
    return 0;
}

static unsigned of_scheme(const struct exchange *exchange)
{
    static const struct {
        struct bytes scheme;
        unsigned bit;
    } schemes[] = {
        {SCHEME("AWS4-"), UNLINKABLE_BIT(SIGV4)},     {SCHEME("DPoP "), UNLINKABLE_BIT(DPOP)},
        {SCHEME("Digest "), UNLINKABLE_BIT(DIGEST)},  {SCHEME("NTLM "), UNLINKABLE_BIT(NTLM)},
        {SCHEME("Negotiate "), UNLINKABLE_BIT(NTLM)}, {SCHEME("Signature "), UNLINKABLE_BIT(HMAC)},
        {SCHEME("HMAC"), UNLINKABLE_BIT(HMAC)},       {SCHEME("Hawk "), UNLINKABLE_BIT(HMAC)},
        {SCHEME("SharedKey"), UNLINKABLE_BIT(HMAC)},
    };
    struct http1_field field;
    if (!http1_find_field(buffer_bytes(&exchange->request.head), "Authorization", &field))
        return 0;
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        struct bytes scheme = schemes[i].scheme;
        if (field.value.size > scheme.size &&
            bytes_equal_nocase(bytes_make(field.value.data, scheme.size), scheme))
            return schemes[i].bit;
    }
    return 0;
}

unsigned unlinkable_of(const struct exchange *exchange)
{
    unsigned found = 0;
    bool looks = false;
    for (size_t i = 0; i < exchange->link_count; i++) {
        const struct link *link = &exchange->links[i];
        if (link->kind != LINK_USES || link->place == LINK_PLACE_COOKIE)
            continue;
        if (link->place == LINK_PLACE_HEADER && ends_with(link->name, "authorization"))
            looks = true;
        else
            found |= unlinkable_of_name(link->name);
    }
    if (looks)
        found |= of_scheme(exchange);
    if (exchange->flags & EXCHANGE_FLAG(REQUEST_SIGNATURE_STALE)) {
        unsigned named = UNLINKABLE_BIT(SIGV4) | UNLINKABLE_BIT(DPOP) | UNLINKABLE_BIT(DIGEST);
        found |= found & named ? 0 : UNLINKABLE_BIT(HMAC);
    }
    if (found & UNLINKABLE_BIT(SIGV4))
        found &= ~UNLINKABLE_BIT(HMAC);
    return found;
}
