/* GET /search?q=words: items whose name holds every word. */
#include "samples/shop/service.h"

#include <event2/http.h>
#include <string.h>

/* Returns whether |word| of |length| bytes is |name|. */
static bool is_word(const char *word, size_t length, const char *name)
{
    return strlen(name) == length && strncmp(word, name, length) == 0;
}

static bool item_has(int number, const char *word, size_t length)
{
    size_t index = (size_t)number - 1;
    return is_word(word, length, words_noun(index % SHOP_NOUNS)) ||
           is_word(word, length, words_adjective(index / SHOP_NOUNS % SHOP_ADJECTIVES));
}

static bool item_has_all(int number, const char *query)
{
    for (query += strspn(query, " "); *query; query += strspn(query, " ")) {
        size_t length = strcspn(query, " ");
        if (!item_has(number, query, length))
            return false;
        query += length;
    }
    return true;
}

/* Returns whether a word of |query| is one that the new release forgot. */
static bool is_forgotten(const struct regressions *regressions, const char *query)
{
    for (query += strspn(query, " "); *query; query += strspn(query, " ")) {
        size_t length = strcspn(query, " ");
        for (size_t i = 0; i < SHOP_NOUNS; i++)
            if (regressions->noun_fails[i] && is_word(query, length, words_noun(i)))
                return true;
        query += length;
    }
    return false;
}

void search_answer(struct call *call, struct answer *answer)
{
    const char *query = evhttp_find_header(&call->query, "q");
    if (!query || !query[strspn(query, " ")]) {
        answer_error(answer, 400, "q is needed");
        return;
    }
    if (is_forgotten(&call->shop->regressions, query)) {
        answer_error(answer, 404, "nothing found");
        return;
    }
    json_t *items = json_array();
    for (int number = 1; number <= SHOP_ITEMS; number++)
        if (item_has_all(number, query))
            catalogue_append(items, number);
    answer->status = 200;
    answer->body = json_pack("{s:o}", "items", items);
}
