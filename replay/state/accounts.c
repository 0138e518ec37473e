#include "replay/state/accounts.h"

#include "common/http1_head.h"
#include "common/keymap.h"
#include "common/mem.h"
#include "filters/pseudonym.h"
#include "replay/state/lineage.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define TAGS_MAX    16 /* of the pseudonyms of a login */
#define BASIC_LIMIT 4096

struct accounts {
    struct keymap by_tag; /* struct account */
    struct account *for_all;
    struct account **all;
    size_t count;
};

struct accounts *accounts_create(void)
{
    return xcalloc(1, sizeof(struct accounts));
}

static void wipe(char *text)
{
    if (text)
        sodium_memzero(text, strlen(text));
    free(text);
}

static void account_free(struct account *account)
{
    wipe(account->name);
    wipe(account->password);
    for (size_t i = 0; i < account->token_count; i++) {
        free(account->tokens[i].name);
        wipe(account->tokens[i].value);
    }
    free(account->tokens);
    free(account);
}

void accounts_free(struct accounts *accounts)
{
    if (!accounts)
        return;
    for (size_t i = 0; i < accounts->count; i++)
        account_free(accounts->all[i]);
    free(accounts->all);
    keymap_free(&accounts->by_tag);
    free(accounts);
}

bool accounts_add(struct accounts *accounts, const struct account *account)
{
    struct account *kept = xmalloc(sizeof *kept);
    *kept = *account;
    bool taken = accounts->count >= ACCOUNTS_MAX ||
                 (account->for_all ? accounts->for_all != NULL
                                   : keymap_get(&accounts->by_tag, keymap_tag_key(account->tag, 0)) != NULL);
    if (taken) {
        account_free(kept);
        return false;
    }
    if (account->for_all)
        accounts->for_all = kept;
    else
        keymap_set(&accounts->by_tag, keymap_tag_key(account->tag, 0), kept);
    accounts->all = xrealloc(accounts->all, (accounts->count + 1) * sizeof(struct account *));
    accounts->all[accounts->count++] = kept;
    return true;
}

static const struct account *find(const struct accounts *accounts, const uint8_t tag[LINK_TAG_SIZE])
{
    return keymap_get(&accounts->by_tag, keymap_tag_key(tag, 0));
}

/* The pseudonyms of a request, each once. */
struct tags {
    uint8_t items[TAGS_MAX][LINK_TAG_SIZE];
    size_t count;
};

static void collect(const uint8_t *recognition_key, struct bytes text, struct tags *tags)
{
    struct pseudonym_found found;
    for (size_t from = 0; pseudonym_find(recognition_key, text, from, &found);
         from = found.offset + found.size) {
        bool known = tags->count == TAGS_MAX;
        for (size_t i = 0; i < tags->count && !known; i++)
            known = memcmp(tags->items[i], found.tag, LINK_TAG_SIZE) == 0;
        if (!known)
            memcpy(tags->items[tags->count++], found.tag, LINK_TAG_SIZE);
    }
}

static void collect_basic(const uint8_t *recognition_key, struct bytes head, struct tags *tags)
{
    struct http1_field field;
    const struct bytes scheme = BYTES_LITERAL("Basic ");
    uint8_t plain[BASIC_LIMIT];
    size_t size;
    if (!http1_find_field(head, "Authorization", &field) || field.value.size <= scheme.size ||
        !bytes_equal_nocase(bytes_make(field.value.data, scheme.size), scheme) ||
        sodium_base642bin(plain, sizeof plain, (const char *)field.value.data + scheme.size,
                          field.value.size - scheme.size, " ", &size, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return;
    collect(recognition_key, bytes_make(plain, size), tags);
}

bool accounts_is_password(const struct link *link)
{
    static const char *const names[] = {"password", "passwd", "passphrase", "pwd",
                                        "pass",     "pw",     "passwort",   "passcode"};
    size_t size = strlen(link->name);
    if (link->kind != LINK_USES || link->identity)
        return false;
    if (strcasecmp(link->name, "Authorization") == 0)
        return true; /* what else stands there tells users apart */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t length = strlen(names[i]);
        if (size >= length && strcasecmp(link->name + size - length, names[i]) == 0)
            return true;
    }
    return false;
}

/* What is being put together. */
struct overrides {
    struct linker_override *items;
    size_t count;
};

static void put(struct overrides *overrides, const uint8_t tag[LINK_TAG_SIZE], const char *value)
{
    if (!value || overrides->count == ACCOUNTS_OVERRIDES_MAX)
        return;
    struct linker_override *override = &overrides->items[overrides->count++];
    memcpy(override->tag, tag, LINK_TAG_SIZE);
    override->value = bytes_of(value);
}

static bool is_linked(const struct exchange *exchange, const uint8_t tag[LINK_TAG_SIZE])
{
    for (size_t i = 0; i < exchange->link_count; i++)
        if (exchange->links[i].kind == LINK_USES && memcmp(exchange->links[i].tag, tag, LINK_TAG_SIZE) == 0)
            return true;
    return false;
}

static void apply_login(const struct accounts *accounts, const struct account *account,
                        const struct exchange *exchange, const uint8_t *recognition_key,
                        struct overrides *overrides)
{
    struct tags tags = {.count = 0};
    bool given = account != NULL;
    collect(recognition_key, buffer_bytes(&exchange->request.body.content), &tags);
    collect_basic(recognition_key, buffer_bytes(&exchange->request.head), &tags);
    collect(recognition_key, buffer_bytes(&exchange->request.head), &tags);
    for (size_t i = 0; i < tags.count && !account; i++)
        account = find(accounts, tags.items[i]);
    if (!account)
        account = accounts->for_all;
    if (!account)
        return;
    /* Who logs in is the one that no credential names. */
    for (size_t i = 0; i < tags.count; i++) {
        bool named = given || account->for_all ? !is_linked(exchange, tags.items[i])
                                               : memcmp(tags.items[i], account->tag, LINK_TAG_SIZE) == 0;
        if (!named)
            continue;
        put(overrides, tags.items[i], account->name);
        break;
    }
    for (size_t i = 0; i < exchange->link_count; i++)
        if (accounts_is_password(&exchange->links[i]))
            put(overrides, exchange->links[i].tag, account->password);
}

static void apply_tokens(const struct account *account, const struct link *link, struct overrides *overrides)
{
    for (size_t i = 0; account && i < account->token_count; i++)
        if (strcasecmp(account->tokens[i].name, link->name) == 0)
            put(overrides, link->tag, account->tokens[i].value);
}

const struct account *accounts_login_for(const struct accounts *accounts, const struct exchange *exchange)
{
    for (size_t i = 0; i < exchange->link_count; i++) {
        const struct link *link = &exchange->links[i];
        if (link->kind != LINK_USES || !link->identity || link->rank != LINEAGE_UNISSUED)
            continue;
        const struct account *account = find(accounts, link->tag);
        if (!account)
            account = accounts->for_all;
        bool has_token = false;
        for (size_t k = 0; account && k < account->token_count; k++)
            has_token |= strcasecmp(account->tokens[k].name, link->name) == 0;
        if (account && account->password && !has_token)
            return account;
    }
    return NULL;
}

size_t accounts_apply(const struct accounts *accounts, const struct account *account,
                      const struct exchange *exchange, const uint8_t *recognition_key,
                      struct linker_override ret_overrides[ACCOUNTS_OVERRIDES_MAX])
{
    struct overrides overrides = {.items = ret_overrides};
    bool login = false;
    for (size_t i = 0; i < exchange->link_count; i++) {
        const struct link *link = &exchange->links[i];
        if (link->kind == LINK_USES && link->rank == LINEAGE_UNISSUED) {
            const struct account *own = find(accounts, link->tag);
            apply_tokens(own ? own : accounts->for_all, link, &overrides);
        }
        login |= accounts_is_password(link);
    }
    if (login)
        apply_login(accounts, account, exchange, recognition_key, &overrides);
    return overrides.count;
}
