/* POST /cart/items {"item","quantity"} and GET /cart, for those who are logged in. */
#include "samples/shop/service.h"

static json_t *cart_json(const struct session *session)
{
    json_t *lines = json_array();
    for (size_t i = 0; i < session->cart_lines; i++)
        json_array_append_new(lines, json_pack("{s:i,s:i}", "item", session->cart[i].item, "quantity",
                                               session->cart[i].quantity));
    return json_pack("{s:o}", "lines", lines);
}

void cart_add(struct call *call, struct answer *answer)
{
    struct session *session = login_session(call, answer);
    if (!session)
        return;
    json_int_t item = json_integer_value(json_object_get(call->body, "item"));
    json_int_t quantity = json_integer_value(json_object_get(call->body, "quantity"));
    if (item < 1 || item > SHOP_ITEMS || quantity < 1 || quantity > 1000) {
        answer_error(answer, 400, "item and quantity are needed");
        return;
    }
    size_t line = 0;
    while (line < session->cart_lines && session->cart[line].item != item)
        line++;
    if (line == SESSION_LINES) {
        answer_error(answer, 409, "the cart is full");
        return;
    }
    if (line == session->cart_lines) {
        session->cart[line].item = (int)item;
        session->cart[line].quantity = 0;
        session->cart_lines++;
    }
    if (session->cart[line].quantity < 1000000)
        session->cart[line].quantity += (int)quantity;
    answer->status = 201;
    answer->body = cart_json(session);
}

void cart_read(struct call *call, struct answer *answer)
{
    const struct session *session = login_session(call, answer);
    if (!session)
        return;
    answer->status = 200;
    answer->body = cart_json(session);
}
