#include "filters/detect/detect_names.h"

#include "filters/detect/detect_chars.h"

#define NAME_MAX_SIZE 64 /* of a longer name the end counts: "user.address.phone" */

/* How a word must stand in a name. */
enum stands {
    AS_PART, /* as a word of it */
    AS_LAST, /* as its last word, or all of it */
    AS_STEM, /* anywhere */
};

static const struct {
    const char *word;
    enum stands stands;
    uint32_t hint;
} words[] = {
    /* by first letter */
    {"apikey", AS_STEM, HINT_KEY},
    {"accesskey", AS_STEM, HINT_KEY},
    {"authorization", AS_STEM, HINT_KEY},
    {"auth", AS_PART, HINT_KEY},
    {"aadhaar", AS_STEM, HINT_AADHAAR},
    {"aadhar", AS_STEM, HINT_AADHAAR},
    {"bearer", AS_STEM, HINT_KEY},
    {"bsn", AS_PART, HINT_BSN},
    {"burgerservicenummer", AS_STEM, HINT_BSN},
    {"build", AS_LAST, HINT_VERSION},
    {"credential", AS_STEM, HINT_KEY},
    {"creds", AS_PART, HINT_KEY},
    {"cellular", AS_PART, HINT_PHONE},
    {"cell", AS_LAST, HINT_PHONE},
    {"cpf", AS_PART, HINT_CPF},
    {"contribuinte", AS_STEM, HINT_NIF},
    {"dni", AS_PART, HINT_NIF},
    {"fax", AS_PART, HINT_PHONE},
    {"firmware", AS_LAST, HINT_VERSION},
    {"itin", AS_PART, HINT_SSN},
    {"jwt", AS_PART, HINT_KEY},
    {"key", AS_LAST, HINT_KEY},
    {"mobile", AS_PART, HINT_PHONE},
    {"msisdn", AS_STEM, HINT_PHONE},
    {"nhs", AS_PART, HINT_NHS},
    {"nhsnumber", AS_STEM, HINT_NHS},
    {"nif", AS_PART, HINT_NIF},
    {"nie", AS_PART, HINT_NIF},
    {"nationalid", AS_STEM,
     HINT_AADHAAR | HINT_NHS | HINT_PESEL | HINT_CPF | HINT_NIF | HINT_TFN | HINT_BSN | HINT_SSN},
    {"privatekey", AS_STEM, HINT_KEY},
    {"password", AS_STEM, HINT_KEY},
    {"passwd", AS_STEM, HINT_KEY},
    {"passphrase", AS_STEM, HINT_KEY},
    {"pwd", AS_PART, HINT_KEY},
    {"pass", AS_LAST, HINT_KEY},
    {"phone", AS_STEM, HINT_PHONE},
    {"pesel", AS_STEM, HINT_PESEL},
    {"release", AS_LAST, HINT_VERSION},
    {"secret", AS_STEM, HINT_KEY},
    {"signature", AS_STEM, HINT_KEY},
    {"sessionid", AS_STEM, HINT_KEY},
    {"ssn", AS_PART, HINT_SSN},
    {"socialsecurity", AS_STEM, HINT_SSN},
    {"token", AS_STEM, HINT_KEY},
    {"tel", AS_PART, HINT_PHONE},
    {"taxid", AS_STEM, HINT_SSN},
    {"taxpayerid", AS_STEM, HINT_SSN},
    {"tfn", AS_PART, HINT_TFN},
    {"taxfile", AS_STEM, HINT_TFN},
    {"uidai", AS_PART, HINT_AADHAAR},
    {"useragent", AS_STEM, HINT_VERSION},
    {"version", AS_STEM, HINT_VERSION},
    {"ver", AS_LAST, HINT_VERSION},
    {"whatsapp", AS_PART, HINT_PHONE},
};

/* Words before "key" that make it no secret. */
static const char *const harmless_keys[] = {"public",    "primary", "foreign", "cache",   "sort",
                                            "partition", "object",  "route",   "routing", "idempotency",
                                            "hot",       "row",     "group",   "i18n"};

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

static bool word_at(const struct words_of *of, size_t at, const char *word, enum stands stands)
{
    size_t size = strlen(word);
    return size <= of->size - at && memcmp(of->text + at, word, size) == 0 && stands_as(of, at, size, stands);
}

/* The hints of the words that stand at |at|. */
static uint32_t hints_at(const struct words_of *of, size_t at)
{
    const size_t count = sizeof words / sizeof words[0];
    uint8_t first = of->text[at];
    size_t low = 0, high = count;
    uint32_t hints = 0;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if ((uint8_t)words[middle].word[0] < first)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < count && (uint8_t)words[low].word[0] == first; low++)
        if (word_at(of, at, words[low].word, words[low].stands))
            hints |= words[low].hint;
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
            if (word_at(&of, at, harmless_keys[i], AS_PART))
                return hints & ~(uint32_t)HINT_KEY;
    return hints;
}
