/* GET /items (paged) and GET /items/{id}. */
#include "samples/shop/service.h"

#include <event2/http.h>
#include <stdlib.h>

int catalogue_number(const char *text)
{
    int number = 0;
    if (!text || !*text)
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || number > 100000)
            return -1;
        number = number * 10 + (*text - '0');
    }
    return number;
}

void catalogue_append(json_t *list, int number)
{
    size_t index = (size_t)number - 1;
    json_array_append_new(list,
                          json_pack("{s:i,s:s++,s:i}", "id", number, "name",
                                    words_adjective(index / SHOP_NOUNS % SHOP_ADJECTIVES), " ",
                                    words_noun(index % SHOP_NOUNS), "price_cents", 500 + number * 37 % 9500));
}

void catalogue_list(struct call *call, struct answer *answer)
{
    const char *text = evhttp_find_header(&call->query, "page");
    int page = text ? catalogue_number(text) : 1;
    int pages = SHOP_ITEMS / SHOP_PAGE_SIZE;
    if (page < 1 || page > pages) {
        answer_error(answer, 404, "no such page");
        return;
    }
    json_t *items = json_array();
    for (int i = 0; i < SHOP_PAGE_SIZE; i++)
        catalogue_append(items, (page - 1) * SHOP_PAGE_SIZE + i + 1);
    answer->status = 200;
    answer->body = json_pack("{s:o,s:i,s:i}", "items", items, "page", page, "pages", pages);
}

void catalogue_item(struct call *call, struct answer *answer)
{
    int number = catalogue_number(call->id);
    if (number < 1 || number > SHOP_ITEMS) {
        answer_error(answer, 404, "no such item");
        return;
    }
    if (call->shop->regressions.item_fails[number]) {
        answer_error(answer, 500, "the stock service did not answer");
        return;
    }
    json_t *found = json_array();
    catalogue_append(found, number);
    answer->status = 200;
    answer->body = json_incref(json_array_get(found, 0));
    json_object_set_new(answer->body, "stock", json_integer(number * 13 % 50));
    json_decref(found);
}
