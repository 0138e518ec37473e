/* shop-check: compares what a report found with what was planted. Claims nothing but what the two files say:
 * the findings' (endpoint, kind) must be exactly the planted ones, and the verdict fail where there are any,
 * else pass. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* Returns whether |list| holds an entry with the endpoint and kind of |wanted|. */
static bool holds(const json_t *list, const json_t *wanted)
{
    size_t index;
    json_t *entry;
    json_array_foreach(list, index,
                       entry) if (strcmp(text_of(entry, "endpoint"), text_of(wanted, "endpoint")) == 0 &&
                                  strcmp(text_of(entry, "kind"), text_of(wanted, "kind")) == 0) return true;
    return false;
}

/* Prints the entries of |list|, each with |good| where |other| holds it too (NULL: not at all), else with
 * |bad|. Returns how many |other| lacks. */
static size_t print_list(const json_t *list, const json_t *other, const char *good, const char *bad)
{
    size_t index, lacking = 0;
    json_t *entry;
    json_array_foreach(list, index, entry)
    {
        const char *word = holds(other, entry) ? good : bad;
        lacking += word == bad;
        if (word)
            printf("  %-22s %-8s %s\n", text_of(entry, "endpoint"), text_of(entry, "kind"), word);
    }
    return lacking;
}

static json_t *load(const char *path)
{
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    if (!root)
        fprintf(stderr, "shop-check: %s: %s\n", path, error.text);
    return root;
}

static int compare(const json_t *planted, const json_t *report)
{
    const json_t *findings = json_object_get(report, "findings");
    const char *verdict = text_of(report, "verdict");
    const char *wanted = json_array_size(planted) ? "fail" : "pass";
    if (!json_is_array(planted) || !json_is_array(findings)) {
        fputs("shop-check: no list of findings, or of what was planted\n", stderr);
        return 3;
    }
    printf("verdict %s, %zu findings, %zu regressions planted\n", verdict, json_array_size(findings),
           json_array_size(planted));
    size_t wrong = print_list(planted, findings, "planted and found", "planted but NOT found") +
                   print_list(findings, planted, NULL, "found but NOT planted");
    return wrong || strcmp(verdict, wanted) != 0;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("Usage: shop-check PLANTED.json REPORT.json\n\n"
              "Exit status: 0 the report found exactly what was planted, 1 it did not, 2 wrong usage, 3 "
              "cannot read.\n",
              stderr);
        return 2;
    }
    json_t *planted = load(argv[1]);
    json_t *report = load(argv[2]);
    int status = planted && report ? compare(planted, report) : 3;
    json_decref(planted);
    json_decref(report);
    return status;
}
