#include "filters/detect/provider_tokens.h"

#include "filters/detect/detect_chars.h"

/* What follows a prefix. */
enum alphabet {
    ALPHA_UPPER,  /* A-Z 0-9 */
    ALPHA_HEX,    /* 0-9 a-f A-F */
    ALPHA_WORD,   /* A-Z a-z 0-9 */
    ALPHA_TOKEN,  /* the same, - and _ */
    ALPHA_DOTTED, /* the same and . */
    ALPHA_LONG,   /* the same, + / and = */
};

struct provider {
    const char *prefix;
    enum alphabet alphabet;
    uint16_t least, most; /* characters after the prefix; |most| 0: no end */
};

/* By first character. Lengths are those of the providers' documents, the least that were ever given out. */
static const struct provider providers[] = {
    {"A3T", ALPHA_UPPER, 17, 17}, /* Amazon, and those below */
    {"ABIA", ALPHA_UPPER, 16, 16},
    {"ACCA", ALPHA_UPPER, 16, 16},
    {"AC", ALPHA_HEX, 32, 32}, /* Twilio account */
    {"AGE-SECRET-KEY-1", ALPHA_UPPER, 58, 58},
    {"AIza", ALPHA_TOKEN, 35, 35}, /* Google */
    {"AKIA", ALPHA_UPPER, 16, 16},
    {"ASIA", ALPHA_UPPER, 16, 16},
    {"ATATT3", ALPHA_LONG, 60, 0},         /* Atlassian */
    {"EAACEdEose0cBA", ALPHA_WORD, 20, 0}, /* Facebook */
    {"GOCSPX-", ALPHA_TOKEN, 28, 28},
    {"NRAK-", ALPHA_UPPER, 27, 27}, /* New Relic */
    {"SG.", ALPHA_DOTTED, 60, 0},   /* SendGrid */
    {"SK", ALPHA_HEX, 32, 32},      /* Twilio key */
    {"abs_", ALPHA_WORD, 30, 0},
    {"dapi", ALPHA_HEX, 32, 0}, /* Databricks */
    {"dckr_pat_", ALPHA_TOKEN, 20, 0},
    {"doo_v1_", ALPHA_HEX, 64, 64}, /* DigitalOcean */
    {"dop_v1_", ALPHA_HEX, 64, 64},
    {"dor_v1_", ALPHA_HEX, 64, 64},
    {"dp.pt.", ALPHA_WORD, 40, 0}, /* Doppler */
    {"dt0c01.", ALPHA_DOTTED, 80, 0},
    {"eyJrIjoi", ALPHA_LONG, 60, 0}, /* Grafana */
    {"figd_", ALPHA_TOKEN, 36, 0},
    {"ghp_", ALPHA_WORD, 36, 0}, /* GitHub */
    {"gho_", ALPHA_WORD, 36, 0},
    {"ghr_", ALPHA_WORD, 36, 0},
    {"ghs_", ALPHA_WORD, 36, 0},
    {"ghu_", ALPHA_WORD, 36, 0},
    {"github_pat_", ALPHA_TOKEN, 40, 0},
    {"glc_", ALPHA_LONG, 32, 0}, /* Grafana */
    {"glsa_", ALPHA_TOKEN, 32, 0},
    {"gldt-", ALPHA_TOKEN, 20, 0}, /* GitLab */
    {"glpat-", ALPHA_DOTTED, 20, 0},
    {"glptt-", ALPHA_TOKEN, 40, 0},
    {"glrt-", ALPHA_DOTTED, 20, 0},
    {"hf_", ALPHA_WORD, 30, 0},   /* Hugging Face */
    {"hvb.", ALPHA_TOKEN, 24, 0}, /* HashiCorp Vault */
    {"hvr.", ALPHA_TOKEN, 24, 0},
    {"hvs.", ALPHA_TOKEN, 24, 0},
    {"key-", ALPHA_HEX, 32, 32}, /* Mailgun */
    {"lin_api_", ALPHA_WORD, 36, 0},
    {"npm_", ALPHA_WORD, 36, 0},
    {"pat-na1-", ALPHA_TOKEN, 36, 36},
    {"pk_live_", ALPHA_WORD, 16, 0},
    {"pul-", ALPHA_HEX, 40, 40},
    {"pypi-", ALPHA_TOKEN, 50, 0},
    {"rk_live_", ALPHA_WORD, 16, 0}, /* Stripe */
    {"rk_test_", ALPHA_WORD, 16, 0},
    {"rubygems_", ALPHA_HEX, 48, 48},
    {"secret_", ALPHA_WORD, 43, 43}, /* Notion */
    {"shpat_", ALPHA_HEX, 32, 32},   /* Shopify */
    {"shpca_", ALPHA_HEX, 32, 32},
    {"shppa_", ALPHA_HEX, 32, 32},
    {"shpss_", ALPHA_HEX, 32, 32},
    {"sk-ant-", ALPHA_TOKEN, 20, 0},
    {"sk-proj-", ALPHA_TOKEN, 20, 0},
    {"sk-svcacct-", ALPHA_TOKEN, 20, 0},
    {"sk-", ALPHA_WORD, 40, 0},
    {"sk_live_", ALPHA_WORD, 16, 0},
    {"sk_test_", ALPHA_WORD, 16, 0},
    {"sntrys_", ALPHA_LONG, 60, 0},
    {"sq0atp-", ALPHA_TOKEN, 22, 22}, /* Square */
    {"sq0csp-", ALPHA_TOKEN, 43, 43},
    {"tfp_", ALPHA_TOKEN, 40, 0},
    {"whsec_", ALPHA_LONG, 24, 0},
    {"xapp-", ALPHA_TOKEN, 20, 0}, /* Slack */
    {"xoxa-", ALPHA_TOKEN, 20, 0},
    {"xoxb-", ALPHA_TOKEN, 20, 0},
    {"xoxe-", ALPHA_TOKEN, 20, 0},
    {"xoxe.", ALPHA_DOTTED, 20, 0},
    {"xoxp-", ALPHA_TOKEN, 20, 0},
    {"xoxr-", ALPHA_TOKEN, 20, 0},
    {"xoxs-", ALPHA_TOKEN, 20, 0},
    {"ya29.", ALPHA_TOKEN, 20, 0}, /* Google OAuth */
};

/* Bit i: prefixes begin with the character 64 + i. */
#define FIRST_BITS UINT64_C(0x039d59f2000840a2)

static bool is_of(enum alphabet alphabet, uint8_t byte)
{
    switch (alphabet) {
    case ALPHA_UPPER:
        return char_is(byte, CHAR_UPPER | CHAR_DIGIT);
    case ALPHA_HEX:
        return char_is(byte, CHAR_HEX);
    case ALPHA_WORD:
        return char_is(byte, CHAR_WORD);
    case ALPHA_TOKEN:
        return char_is(byte, CHAR_TOKEN);
    case ALPHA_DOTTED:
        return char_is(byte, CHAR_TOKEN) || byte == '.';
    case ALPHA_LONG:
        return char_is(byte, CHAR_BASE64) || byte == '=';
    }
    return false;
}

/* Returns the size of the token of |provider| at |at|, where its prefix stands, or 0. */
static size_t token_size(const struct provider *provider, struct bytes text, size_t at)
{
    size_t start = at + strlen(provider->prefix), end = start;
    size_t most = provider->most ? provider->most : text.size;
    while (end < text.size && end - start < most && is_of(provider->alphabet, text.data[end]))
        end++;
    while (end > start && text.data[end - 1] == '.')
        end--; /* of the sentence */
    return end - start >= provider->least && value_ends(text, end) ? end - at : 0;
}

/* A bot's token of Telegram: its number, a colon, thirty-five characters. */
static size_t telegram_at(struct bytes text, size_t at)
{
    size_t colon = at, end;
    while (char_at(text, colon, CHAR_DIGIT) && colon - at < 11)
        colon++;
    if (colon - at < 8 || colon - at > 10 || colon >= text.size || text.data[colon] != ':')
        return 0;
    for (end = colon + 1; char_at(text, end, CHAR_TOKEN) && end - colon <= 36; end++)
        ;
    return end - colon == 36 && text.data[colon + 1] == 'A' ? end - at : 0;
}

size_t provider_token_at(struct bytes text, size_t at)
{
    if (!value_starts(text, at))
        return 0;
    uint8_t first = text.data[at];
    if (char_is(first, CHAR_DIGIT))
        return telegram_at(text, at);
    if (first < 64 || first >= 128 || !(FIRST_BITS >> (first - 64) & 1))
        return 0;
    const size_t count = sizeof providers / sizeof providers[0];
    size_t low = 0, high = count; /* the first row that begins with |first| */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if ((uint8_t)providers[middle].prefix[0] < first)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < count && (uint8_t)providers[low].prefix[0] == first; low++) {
        size_t size = text_has(text, at, providers[low].prefix) ? token_size(&providers[low], text, at) : 0;
        if (size)
            return size;
    }
    return 0;
}
