#include "filters/policy/yaml_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 40

/* Returns the line where a second document begins, 0 where there is none. */
static size_t second_document(yaml_parser_t *parser)
{
    yaml_document_t more;
    size_t line = parser->mark.line + 1;
    if (!yaml_parser_load(parser, &more))
        return parser->problem_mark.line + 1;
    bool any = yaml_document_get_root_node(&more) != NULL;
    line = any ? more.start_mark.line + 1 : line;
    yaml_document_delete(&more);
    return any ? line : 0;
}

int yaml_reader_open(struct yaml_reader *reader, struct bytes text)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return error_set(reader->err, ERROR_IO, "libyaml does not start");
    yaml_parser_set_input_string(&parser, text.data ? text.data : (const uint8_t *)"", text.size);
    int loaded = yaml_parser_load(&parser, &reader->document);
    int status = 0;
    if (!loaded) {
        status = error_set(reader->err, ERROR_USAGE, "%s:%zu: no YAML: %s%s%s", reader->file,
                           parser.problem_mark.line + 1, parser.problem ? parser.problem : "unreadable",
                           parser.context ? " " : "", parser.context ? parser.context : "");
    } else if (!yaml_document_get_root_node(&reader->document)) {
        status = error_set(reader->err, ERROR_USAGE, "%s: is empty%s", reader->file,
                           reader->advice ? reader->advice : "");
        yaml_document_delete(&reader->document);
    } else {
        size_t line = second_document(&parser);
        if (line > 0) {
            status =
                error_set(reader->err, ERROR_USAGE,
                          "%s:%zu: a second document begins, which nobody would read", reader->file, line);
            yaml_document_delete(&reader->document);
        }
    }
    yaml_parser_delete(&parser);
    return status;
}

void yaml_reader_close(struct yaml_reader *reader)
{
    yaml_document_delete(&reader->document);
}

yaml_node_t *yaml_reader_root(struct yaml_reader *reader)
{
    return yaml_document_get_root_node(&reader->document);
}

yaml_node_t *yaml_reader_node(struct yaml_reader *reader, int id)
{
    return yaml_document_get_node(&reader->document, id);
}

unsigned yaml_line(const yaml_node_t *node)
{
    return (unsigned)node->start_mark.line + 1;
}

int yaml_reader_fail(struct yaml_reader *reader, const yaml_node_t *node, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (char *at = text; *at; at++) /* what the file says may hold anything */
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    return error_set(reader->err, ERROR_USAGE, "%s:%u: %s", reader->file, yaml_line(node), text);
}

struct bytes yaml_scalar(const yaml_node_t *node)
{
    if (!node || node->type != YAML_SCALAR_NODE)
        return (struct bytes){0};
    return bytes_make(node->data.scalar.value, node->data.scalar.length);
}

/* The number of letters to add, take or change that makes one of the other (Levenshtein). */
static size_t distance(struct bytes a, struct bytes b)
{
    size_t row[WORD_MAX + 1];
    for (size_t j = 0; j <= b.size; j++)
        row[j] = j;
    for (size_t i = 0; i < a.size; i++) {
        size_t before = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b.size; j++) {
            size_t changed = before + (a.data[i] != b.data[j]);
            before = row[j + 1];
            size_t least = row[j] < before ? row[j] : before;
            row[j + 1] = least + 1 < changed ? least + 1 : changed;
        }
    }
    return row[b.size];
}

int yaml_reader_unknown(struct yaml_reader *reader, const yaml_node_t *node, const char *what,
                        const char *const *words, size_t count)
{
    struct bytes wrong = yaml_scalar(node);
    const char *nearest = NULL;
    size_t least = 3;
    char list[240] = "";
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        struct bytes word = bytes_of(words[i]);
        size_t far = wrong.size <= WORD_MAX && word.size <= WORD_MAX ? distance(wrong, word) : least;
        if (far < least) {
            least = far;
            nearest = words[i];
        }
        if (used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", words[i]);
    }
    if (nearest)
        return yaml_reader_fail(reader, node, "unknown %s '%.*s'; did you mean '%s'?", what,
                                (int)(wrong.size > 80 ? 80 : wrong.size), (const char *)wrong.data, nearest);
    return yaml_reader_fail(reader, node, "unknown %s '%.*s'; there is %s", what,
                            (int)(wrong.size > 80 ? 80 : wrong.size),
                            wrong.data ? (const char *)wrong.data : "", list);
}

int yaml_reader_word(struct yaml_reader *reader, const yaml_node_t *node, const char *what,
                     const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_equal(yaml_scalar(node), bytes_of(words[i])))
            return (int)i;
    return yaml_reader_unknown(reader, node, what, words, count);
}

int yaml_reader_mapping(struct yaml_reader *reader, const yaml_node_t *node, const char *what,
                        const char *const *keys, size_t count, yaml_node_t **ret_values)
{
    for (size_t i = 0; i < count; i++)
        ret_values[i] = NULL;
    if (node->type != YAML_MAPPING_NODE)
        return yaml_reader_fail(reader, node, "%s: wanted keys with values", what);
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
         pair++) {
        yaml_node_t *key = yaml_reader_node(reader, pair->key);
        int place = yaml_reader_word(reader, key, "key", keys, count);
        if (place < 0)
            return -1;
        if (ret_values[place])
            return yaml_reader_fail(reader, key, "'%s' stands here a second time", keys[place]);
        ret_values[place] = yaml_reader_node(reader, pair->value);
    }
    return 0;
}

yaml_node_t *yaml_reader_item(struct yaml_reader *reader, yaml_node_t *node, size_t *at)
{
    size_t place = (*at)++;
    if (node->type != YAML_SEQUENCE_NODE)
        return place == 0 ? node : NULL;
    yaml_node_item_t *item = node->data.sequence.items.start + place;
    return item < node->data.sequence.items.top ? yaml_reader_node(reader, *item) : NULL;
}

int yaml_reader_filled(struct yaml_reader *reader, const yaml_node_t *node, const char *what)
{
    bool empty =
        node->type == YAML_SEQUENCE_NODE && node->data.sequence.items.start == node->data.sequence.items.top;
    return empty ? yaml_reader_fail(reader, node, "%s: the list is empty, so that nothing ever matches", what)
                 : 0;
}

int yaml_reader_number(struct yaml_reader *reader, const yaml_node_t *node, const char *what, uint64_t most,
                       uint64_t *ret_number)
{
    if (!bytes_to_u64(yaml_scalar(node), ret_number) || *ret_number > most)
        return yaml_reader_fail(reader, node, "%s: wanted a number from 0 to %llu", what,
                                (unsigned long long)most);
    return 0;
}

int yaml_reader_bool(struct yaml_reader *reader, const yaml_node_t *node, const char *what, bool *ret_bool)
{
    static const char *const words[] = {"false", "true"};
    int word = yaml_reader_word(reader, node, what, words, 2);
    *ret_bool = word == 1;
    return word < 0 ? -1 : 0;
}
