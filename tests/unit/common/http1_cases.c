#include "tests/unit/common/http1_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What the list asks of each case. Where it says "record and flag" of bytes that are no request (20, 26) the rows say S:
 * they are skipped, and the message behind them is flagged. */
static const struct {
    unsigned number;
    const char *verbs;
    enum http1_case_layer layer;
} wanted[] = {
    {1, "R", CASES_OF_FRAMING},   {2, "R", CASES_OF_FRAMING},   {3, "F", CASES_OF_FRAMING},
    {4, "F", CASES_OF_FRAMING},   {5, "F", CASES_OF_FRAMING},   {6, "S", CASES_OF_FRAMING},
    {7, "F", CASES_OF_FRAMING},   {8, "F", CASES_OF_FRAMING},   {9, "F", CASES_OF_FRAMING},
    {10, "F", CASES_OF_FRAMING},  {11, "F", CASES_OF_FRAMING},  {12, "F", CASES_OF_FRAMING},
    {13, "F", CASES_OF_FRAMING},  {14, "R", CASES_OF_FRAMING},  {15, "F", CASES_OF_FRAMING},
    {16, "F", CASES_OF_FRAMING},  {17, "S", CASES_OF_FRAMING},  {18, "T", CASES_OF_FRAMING},
    {19, "T", CASES_OF_FRAMING},  {20, "S", CASES_OF_FRAMING},  {21, "R", CASES_OF_FRAMING},
    {22, "F", CASES_OF_FRAMING},  {23, "R", CASES_OF_FRAMING},  {24, "F", CASES_OF_FRAMING},
    {25, "R", CASES_OF_FRAMING},  {26, "S", CASES_OF_FRAMING},  {27, "T", CASES_OF_PAIRING},
    {28, "T", CASES_OF_PAIRING},  {29, "F", CASES_OF_PAIRING},  {30, "F", CASES_OF_PAIRING},
    {31, "R", CASES_OF_PAIRING},  {32, "S", CASES_OF_FRAMING},  {33, "R", CASES_OF_PAIRING},
    {34, "F", CASES_OF_FRAMING},  {35, "CF", CASES_OF_FRAMING}, {36, "F", CASES_OF_FRAMING},
    {37, "F", CASES_OF_FRAMING},  {38, "F", CASES_OF_FRAMING},  {39, "F", CASES_OF_FRAMING},
    {40, "F", CASES_OF_FRAMING},  {41, "R", CASES_OF_FRAMING},  {42, "F", CASES_OF_FRAMING},
    {43, "F", CASES_OF_FRAMING},  {44, "R", CASES_OF_FRAMING},  {45, "F", CASES_OF_FRAMING},
    {46, "F", CASES_OF_FRAMING},  {47, "R", CASES_OF_FRAMING},  {48, "F", CASES_OF_FRAMING},
    {49, "F", CASES_OF_FRAMING},  {50, "CF", CASES_OF_FRAMING}, {51, "C", CASES_OF_FRAMING},
    {52, "C", CASES_OF_FRAMING},  {53, "F", CASES_OF_FRAMING},  {54, "F", CASES_OF_FRAMING},
    {55, "C", CASES_OF_FRAMING},  {56, "F", CASES_OF_FRAMING},  {57, "C", CASES_OF_FRAMING},
    {58, "C", CASES_OF_FRAMING},  {59, "C", CASES_OF_FRAMING},  {60, "F", CASES_OF_FRAMING},
    {61, "C", CASES_OF_FRAMING},  {62, "F", CASES_OF_FRAMING},  {63, "S", CASES_OF_FRAMING},
    {64, "R", CASES_OF_FRAMING},  {65, "R", CASES_OF_FRAMING},  {66, "R", CASES_OF_FRAMING},
    {67, "RF", CASES_OF_FRAMING}, {68, "F", CASES_OF_FRAMING},  {69, "C", CASES_OF_FRAMING},
    {70, "C", CASES_OF_FRAMING},  {71, "RF", CASES_OF_FRAMING}, {72, "F", CASES_OF_FRAMING},
    {73, "FC", CASES_OF_FRAMING}, {74, "C", CASES_OF_FRAMING},  {75, "F", CASES_OF_FRAMING},
    {76, "R", CASES_OF_FRAMING},  {77, "R", CASES_OF_FRAMING},  {78, "F", CASES_OF_PAIRING},
    {79, "F", CASES_OF_PAIRING},  {80, "F", CASES_OF_PAIRING},  {81, "R", CASES_OF_PAIRING},
    {82, "F", CASES_OF_FRAMING},  {83, "S", CASES_OF_FRAMING},  {84, "S", CASES_OF_FRAMING},
    {85, "S", CASES_OF_FRAMING},  {86, "R", CASES_OF_PAIRING},  {87, "F", CASES_OF_PACKETS},
    {88, "F", CASES_OF_PACKETS},  {89, "R", CASES_OF_PACKETS},  {90, "R", CASES_OF_PACKETS},
    {24, "F", CASES_OF_PAIRING},  {26, "F", CASES_OF_PAIRING},  {49, "F", CASES_OF_PAIRING},
    {65, "RF", CASES_OF_PAIRING}, {83, "S", CASES_OF_PAIRING},
};

char http1_checklist_note(struct http1_checklist *list, const char *name)
{
    char *end;
    unsigned long number = strtoul(name, &end, 10);
    assert_true(number >= 1 && number <= HTTP1_CASES && end[0] == ' ' && strchr("RFCST", end[1]) &&
                end[2] == ' ');
    list->verbs[number] |= 1u << (end[1] - 'A');
    return end[1];
}

void http1_checklist_complete(const struct http1_checklist *list, enum http1_case_layer layer)
{
    bool complete = true;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        for (const char *verb = wanted[i].verbs; *verb; verb++) {
            if (wanted[i].layer == layer && !(list->verbs[wanted[i].number] >> (*verb - 'A') & 1)) {
                print_error("case %u has no row that shows %c\n", wanted[i].number, *verb);
                complete = false;
            }
        }
    }
    assert_true(complete);
}
