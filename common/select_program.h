/* The compiled form of an expression: what select_parse.c makes and select.c runs. */
#ifndef COMMON_SELECT_PROGRAM_H
#define COMMON_SELECT_PROGRAM_H

#include "common/address_range.h"
#include "common/pattern.h"
#include "common/select.h"
#include "common/select_field.h"

enum select_operator {
    SELECT_HAS, /* the field alone */
    SELECT_EQUAL,
    SELECT_LESS,
    SELECT_LESS_EQUAL,
    SELECT_GREATER,
    SELECT_GREATER_EQUAL,
    SELECT_FINDS, /* ~ */
};

/* One value; which member counts depends on field and operator. */
struct select_value {
    struct bytes text;          /* in the program's copy of the expression */
    uint64_t low, high;         /* of a number, both included; FLAG and DEFECT: the bit in |low| */
    struct address_range range; /* ADDRESS */
    struct pattern *pattern;    /* SELECT_FINDS; owned */
};

/* A test is true where one of its values fits. */
struct select_test {
    enum select_field field;
    enum select_operator operator;
    struct bytes name; /* after the field's '.' */
    uint16_t value;    /* the first of its values */
    uint16_t value_count;
};

enum select_code {
    SELECT_DO_TEST,  /* push the verdict of test |arg| */
    SELECT_DO_NOT,   /* of the top */
    SELECT_DO_AND,   /* of the two on top */
    SELECT_DO_OR,    /* of the two on top */
    SELECT_SKIP_NO,  /* go to |arg| where the top is no */
    SELECT_SKIP_YES, /* go to |arg| where the top is yes */
};

struct select_step {
    enum select_code code;
    uint16_t arg;
};

#define SELECT_STEPS_MAX (4 * SELECT_TEST_MAX + SELECT_DEPTH)
/* An operand waits at each level of parentheses for each of the two operators. */
#define SELECT_STACK (2 * (SELECT_DEPTH + 1) + 1)

struct select {
    char *text; /* with escapes undone in place; owned */
    struct select_test tests[SELECT_TEST_MAX];
    struct select_value values[2 * SELECT_TEST_MAX];
    struct select_step steps[SELECT_STEPS_MAX];
    uint16_t test_count, value_count, step_count;
    bool by_head; /* every field is known from the request's head */
    uint64_t gave_up;
    struct buffer scratch;
};

#endif
