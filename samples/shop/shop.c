/* The sample shop: a small JSON service. main reads the command line, listens and stops cleanly. */
#include "samples/shop/service.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    int port;
    const char *users;
    const char *regressions;
    const char *planted;
    const char *access_log;
    const char *body_log;
};

static void print_usage(FILE *to)
{
    fputs("Usage: shop --port PORT --users FILE [options]\n\n"
          "A small JSON service on 127.0.0.1: catalogue, search, login, cart, orders, payments.\n\nOptions:\n"
          "  --port PORT         where to listen\n"
          "  --users FILE        who may log in: lines of user:password\n"
          "  --regressions SEED  plant three regressions that SEED picks; none (the default) plants none\n"
          "  --planted FILE      write what was planted to FILE as JSON: endpoint and kind\n"
          "  --access-log FILE   write a line for each request: method, target, status\n"
          "  --body-log FILE     write a line for each JSON body but those of logins: method, target, body\n"
          "  --help              print this help\n",
          to);
}

/* Returns 0 to go on, else the exit status plus one. */
static int parse(int argc, char **argv, struct settings *settings)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},
        {"users", required_argument, NULL, 'u'},
        {"regressions", required_argument, NULL, 'r'},
        {"planted", required_argument, NULL, 'l'},
        {"access-log", required_argument, NULL, 'a'},
        {"body-log", required_argument, NULL, 'b'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'p')
            settings->port = catalogue_number(optarg);
        else if (option == 'u')
            settings->users = optarg;
        else if (option == 'r')
            settings->regressions = optarg;
        else if (option == 'l')
            settings->planted = optarg;
        else if (option == 'a')
            settings->access_log = optarg;
        else if (option == 'b')
            settings->body_log = optarg;
        else {
            print_usage(option == 'h' ? stdout : stderr);
            return option == 'h' ? 1 : 3;
        }
    }
    if (optind != argc || settings->port < 1 || settings->port > 65535 || !settings->users) {
        fputs("shop: --port PORT and --users FILE are needed; --help explains\n", stderr);
        return 3;
    }
    return 0;
}

/* Plants what the command line asks for and writes the list of it. */
static bool plant(struct regressions *regressions, const struct settings *settings)
{
    if (strcmp(settings->regressions, "none") != 0) {
        char *end;
        errno = 0;
        unsigned long long seed = strtoull(settings->regressions, &end, 10);
        if (errno || *end || end == settings->regressions) {
            fputs("shop: --regressions takes a number or none\n", stderr);
            return false;
        }
        regressions_plant(regressions, seed);
    }
    if (settings->planted && regressions_write(regressions, settings->planted) != 0) {
        fprintf(stderr, "shop: %s: %s\n", settings->planted, strerror(errno));
        return false;
    }
    return true;
}

static void stop(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    struct shop *shop = context;
    shop->stopping = true; /* requests in work are answered, for two seconds at most */
    event_base_loopexit(shop->base, shop->in_work ? &(struct timeval){.tv_sec = 2} : NULL);
}

static int serve(struct shop *shop, int port)
{
    shop->http = evhttp_new(shop->base);
    evhttp_set_max_headers_size(shop->http, 16384);
    evhttp_set_max_body_size(shop->http, 131072);
    evhttp_set_gencb(shop->http, service_request, shop);
    if (evhttp_bind_socket(shop->http, "127.0.0.1", (uint16_t)port) != 0) {
        fprintf(stderr, "shop: cannot listen on 127.0.0.1:%d: %s\n", port, strerror(errno));
        return 3;
    }
    struct event *term = evsignal_new(shop->base, SIGTERM, stop, shop);
    struct event *interrupt = evsignal_new(shop->base, SIGINT, stop, shop);
    event_add(term, NULL);
    event_add(interrupt, NULL);
    fprintf(stderr, "shop: listening on 127.0.0.1:%d\n", port);
    event_base_dispatch(shop->base);
    event_free(term);
    event_free(interrupt);
    return 0;
}

/* Opens the log |path| (NULL: none), a line at a time. */
static bool open_log(const char *path, FILE **ret_log)
{
    if (!path)
        return true;
    *ret_log = fopen(path, "we");
    if (!*ret_log) {
        fprintf(stderr, "shop: %s: %s\n", path, strerror(errno));
        return false;
    }
    setvbuf(*ret_log, NULL, _IOLBF, 0);
    return true;
}

int main(int argc, char **argv)
{
    struct settings settings = {.regressions = "none"};
    struct shop shop = {0};
    int status = parse(argc, argv, &settings);
    if (status)
        return status - 1;
    signal(SIGPIPE, SIG_IGN);
    if (!plant(&shop.regressions, &settings))
        return 2;
    if (!open_log(settings.access_log, &shop.access_log) || !open_log(settings.body_log, &shop.body_log))
        return 3;
    struct event_config *config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
    shop.base = event_base_new_with_config(config);
    event_config_free(config);
    shop.logins = logins_open(settings.users);
    shop.orders = orders_create_store();
    status = shop.logins ? serve(&shop, settings.port) : 2;
    if (shop.http)
        evhttp_free(shop.http);
    orders_free(shop.orders);
    logins_free(shop.logins);
    event_base_free(shop.base);
    if (shop.access_log)
        fclose(shop.access_log);
    if (shop.body_log)
        fclose(shop.body_log);
    return status;
}
