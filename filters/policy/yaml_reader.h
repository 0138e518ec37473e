/* Reading a YAML document whose every mistake is told with file, line and a hint. A thin layer over libyaml's document API. */
#ifndef FILTERS_POLICY_YAML_READER_H
#define FILTERS_POLICY_YAML_READER_H

#include "common/buffer.h"
#include "common/error.h"

#include <stdbool.h>
#include <yaml.h>

struct yaml_reader {
    yaml_document_t document;
    const char *file;   /* as messages call it */
    const char *advice; /* what is said of an empty one behind that; or NULL */
    struct error *err;
};

/* Reads |text| into |reader|, whose |file| and |err| are set. Fails on what is no YAML, or empty. */
int yaml_reader_open(struct yaml_reader *reader, struct bytes text);
void yaml_reader_close(struct yaml_reader *reader);
/* Returns the outermost node. */
yaml_node_t *yaml_reader_root(struct yaml_reader *reader);
yaml_node_t *yaml_reader_node(struct yaml_reader *reader, int id);

/* Says that something is wrong at |node|: "FILE:LINE: text". Returns -1. */
int yaml_reader_fail(struct yaml_reader *reader, const yaml_node_t *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* As yaml_reader_fail about a word that is none of |words| (|count|), with what may have been meant. */
int yaml_reader_unknown(struct yaml_reader *reader, const yaml_node_t *node, const char *what,
                        const char *const *words, size_t count);

/* Returns the text of a scalar; an empty one of anything else. */
struct bytes yaml_scalar(const yaml_node_t *node);
unsigned yaml_line(const yaml_node_t *node);
/* Finds the place of a word in |words|. Returns -1 after yaml_reader_unknown where it is none. */
int yaml_reader_word(struct yaml_reader *reader, const yaml_node_t *node, const char *what,
                     const char *const *words, size_t count);
/* Checks that |node| is a mapping whose keys are in |keys| (|count|), each once, and puts the values to |ret_values|, NULL where one
 * is missing. */
int yaml_reader_mapping(struct yaml_reader *reader, const yaml_node_t *node, const char *what,
                        const char *const *keys, size_t count, yaml_node_t **ret_values);
/* Goes through a sequence, or a single value that stands for one: |at| begins with 0. Returns NULL at the end. */
yaml_node_t *yaml_reader_item(struct yaml_reader *reader, yaml_node_t *node, size_t *at);
/* Checks that |node| is no empty list. */
int yaml_reader_filled(struct yaml_reader *reader, const yaml_node_t *node, const char *what);
/* Reads a number from 0 to |most|, or true or false. */
int yaml_reader_number(struct yaml_reader *reader, const yaml_node_t *node, const char *what, uint64_t most,
                       uint64_t *ret_number);
int yaml_reader_bool(struct yaml_reader *reader, const yaml_node_t *node, const char *what, bool *ret_bool);

#endif
