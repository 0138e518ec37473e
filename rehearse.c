/* main: maps a verb to its component. Nothing else. */
#include "capture/capture.h"
#include "common/descriptors.h"
#include "common/stop.h"
#include "common/version.h"
#include "filters/verbs/audit.h"
#include "filters/verbs/inspect.h"
#include "filters/verbs/key_verb.h"
#include "filters/verbs/policy_verb.h"
#include "filters/verbs/pseudonym_verb.h"
#include "filters/verbs/sanitize_verb.h"
#include "filters/verbs/verify.h"
#include "replay/replay.h"
#include "replay/report.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} verbs[] = {
    {"capture", verb_capture, "record sanitized HTTP traffic from an interface or a packet file"},
    {"inspect", verb_inspect, "show what was recorded"},
    {"verify", verb_verify, "check every block and index of recorded traffic"},
    {"audit", verb_audit, "say what looks like a secret or personal data in what was recorded"},
    {"sanitize", verb_sanitize, "write recorded traffic anew under another policy or key"},
    {"key", verb_key, "make, replace and name the master keys of pseudonyms"},
    {"policy", verb_policy, "print, check and explain policies: what is sensitive, and what becomes of it"},
    {"pseudonym", verb_pseudonym, "print the pseudonyms that stand for values in recorded traffic"},
    {"replay", verb_replay, "fire recorded requests at a target and store the results"},
    {"report", verb_report, "say what changed: verdict, findings, figures"},
};
#define VERB_COUNT (sizeof verbs / sizeof verbs[0])

static void print_usage(FILE *to)
{
    fputs("rehearse records production HTTP traffic, replays it at a target and says what changed.\n\n"
          "Usage: rehearse VERB [options]\n\nVerbs:\n",
          to);
    for (size_t i = 0; i < VERB_COUNT; i++)
        fprintf(to, "  %-10s %s\n", verbs[i].name, verbs[i].summary);
    fputs("\n`rehearse VERB --help` explains a verb, `rehearse --version` prints versions.\n", to);
}

int main(int argc, char **argv)
{
    descriptors_hold_standard();
    if (argc < 2) {
        print_usage(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        version_print(stdout);
        return 0;
    }
    stop_install();
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    fprintf(stderr, "rehearse: unknown verb '%s'; rehearse --help lists them\n", argv[1]);
    return 2;
}
