/* shop-drive: drives the shop as several users would, and checks each answer's status. main reads the command
 * line and prints the summary; the visits are in drive_visit.c. */
#include "samples/shop/drive_visit.h"

#include "common/clock.h"
#include "common/mem.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define USERS_MAX 10000

struct settings {
    struct plan_settings plan;
    uint32_t port;
    uint32_t pool;
    uint32_t duration_s;
    const char *users;
};

static void print_usage(FILE *to)
{
    fputs("Usage: shop-drive --port PORT --users FILE [options]\n\n"
          "Drives the shop on 127.0.0.1 as several users would and checks each answer.\n\nOptions:\n"
          "  --port PORT        where the shop listens\n"
          "  --users FILE       who logs in: lines of user:password\n"
          "  --requests N       how many requests in all (3000)\n"
          "  --rate N           requests a second, on average (200)\n"
          "  --think MS         mean pause between the requests of one user (40)\n"
          "  --pool N           shared connections, each carrying many users (8)\n"
          "  --seed N           another seed asks for other things (1)\n"
          "  --duration S       give up after so many seconds (120)\n"
          "  --help             print this help\n\n"
          "Exit status: 0 all answers were as expected, 1 some were not, 2 wrong usage, 3 cannot run.\n",
          to);
}

static bool number(const char *text, uint64_t least, uint64_t most, uint64_t *ret_value)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || *end || end == text || text[0] == '-' || value < least || value > most) {
        fprintf(stderr, "shop-drive: '%s' is not a number from %llu to %llu\n", text,
                (unsigned long long)least, (unsigned long long)most);
        return false;
    }
    *ret_value = value;
    return true;
}

static bool take_option(int option, const char *text, struct settings *settings)
{
    uint64_t value = 0;
    bool taken = true;
    switch (option) {
    case 'p':
        taken = number(text, 1, 65535, &value);
        settings->port = (uint32_t)value;
        break;
    case 'u':
        settings->users = text;
        break;
    case 'n':
        taken = number(text, 1, 1000000, &value);
        settings->plan.requests = value;
        break;
    case 'r':
        taken = number(text, 1, 20000, &value);
        settings->plan.per_s = (uint32_t)value;
        break;
    case 't':
        taken = number(text, 0, 60000, &value);
        settings->plan.think_us = (uint32_t)value * 1000;
        break;
    case 'c':
        taken = number(text, 1, 256, &value);
        settings->pool = (uint32_t)value;
        break;
    case 's':
        taken = number(text, 0, UINT64_MAX, &value);
        settings->plan.seed = value;
        break;
    default:
        taken = number(text, 1, 86400, &value);
        settings->duration_s = (uint32_t)value;
    }
    return taken;
}

/* Returns 0 to go on, else the exit status plus one. */
static int parse(int argc, char **argv, struct settings *settings)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},     {"users", required_argument, NULL, 'u'},
        {"requests", required_argument, NULL, 'n'}, {"rate", required_argument, NULL, 'r'},
        {"think", required_argument, NULL, 't'},    {"pool", required_argument, NULL, 'c'},
        {"seed", required_argument, NULL, 's'},     {"duration", required_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},           {0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h' || option == '?') {
            print_usage(option == 'h' ? stdout : stderr);
            return option == 'h' ? 1 : 3;
        }
        if (!take_option(option, optarg, settings))
            return 3;
    }
    if (optind != argc || !settings->port || !settings->users) {
        fputs("shop-drive: --port PORT and --users FILE are needed; --help explains\n", stderr);
        return 3;
    }
    return 0;
}

/* Reads the user file into |drive|, which owns the lines. */
static bool read_users(struct drive *drive, const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "shop-drive: %s: %s\n", path, strerror(errno));
        return false;
    }
    char line[512];
    drive->users = xcalloc(USERS_MAX, sizeof *drive->users);
    while (drive->user_count < USERS_MAX && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = '\0';
        char *colon = strchr(line, ':');
        if (!colon)
            continue;
        *colon = '\0';
        drive->users[drive->user_count].name = xstrdup(line);
        drive->users[drive->user_count++].password = xstrdup(colon + 1);
    }
    fclose(file);
    if (drive->user_count == 0)
        fprintf(stderr, "shop-drive: %s: no line of user:password\n", path);
    return drive->user_count > 0;
}

static void print_summary(const struct drive *drive, uint64_t elapsed_ns)
{
    static const char *const names[] = {
#define X(name, method, path, work_us, may_slow) method " " path,
        SHOP_ENDPOINTS(X)
#undef X
    };
    printf("%-22s %8s  %s\n", "endpoint", "requests", "statuses");
    for (size_t i = 0; i < ENDPOINT_COUNT; i++) {
        size_t total = 0;
        for (size_t status = 0; status < DRIVE_STATUSES; status++)
            total += drive->counts[i][status];
        if (!total)
            continue;
        printf("%-22s %8zu ", names[i], total);
        for (size_t status = 0; status < DRIVE_STATUSES; status++)
            if (drive->counts[i][status])
                printf(" %zu: %zu", status, drive->counts[i][status]);
        printf("\n");
    }
    printf("%zu requests of %zu visits by %zu users in %.1f s; %zu unexpected, %zu failed, %zu not sent\n",
           drive->sent, drive->plan.count, drive->user_count, (double)elapsed_ns / NS_PER_S,
           drive->unexpected, drive->failed, drive->plan.requests - drive->sent);
}

static void release(struct drive *drive)
{
    for (size_t i = 0; i < drive->user_count; i++) {
        free(drive->users[i].name);
        free(drive->users[i].password);
    }
    free(drive->users);
    plan_done(&drive->plan);
}

int main(int argc, char **argv)
{
    struct settings settings = {
        .plan = {.seed = 1, .requests = 3000, .per_s = 200, .think_us = 40000}, .pool = 8, .duration_s = 120};
    static struct drive drive;
    int status = parse(argc, argv, &settings);
    if (status)
        return status - 1;
    signal(SIGPIPE, SIG_IGN);
    if (!read_users(&drive, settings.users)) {
        release(&drive);
        return 3;
    }
    settings.plan.users = drive.user_count;
    plan_init(&drive.plan, &settings.plan);
    drive.port = (uint16_t)settings.port;
    drive.pool_size = settings.pool;
    uint64_t start_ns = clock_mono_ns();
    drive_run(&drive, settings.duration_s);
    print_summary(&drive, clock_mono_ns() - start_ns);
    status = drive.unexpected || drive.failed || drive.sent != drive.plan.requests;
    release(&drive);
    return status;
}
