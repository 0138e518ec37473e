#include "capture/live/supervisor.h"

#include "capture/live/channel.h"
#include "capture/live/kernel_filter.h"
#include "capture/live/link_watch.h"
#include "capture/sandbox.h"
#include "common/clock.h"
#include "common/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define RETRY_MS    200             /* between attempts to open an interface that is back, or to send */
#define SAY_STEP_NS (60 * NS_PER_S) /* an interface that comes and goes is not told of each time */
#define FAILED      3

/* The parent's view. */
struct supervisor {
    const struct supervisor_options *options;
    pid_t worker;
    int channel;
    int signals;
    int watch;
    int index;     /* of the interface whose device the worker has; 0: any */
    bool away;     /* the worker knows that nothing comes */
    bool retry;    /* something could not be done yet */
    bool stopping; /* the first SIGINT or SIGTERM was handed on */
    bool said;     /* the last loss was told of */
    uint64_t said_mono_ns;
};

static const int handed_on[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
#define HANDED_ON (sizeof handed_on / sizeof handed_on[0])

/* One that is deleted goes down first: which of the two it is may not be known yet. */
static void say_lost(struct supervisor *supervisor)
{
    uint64_t now_ns = clock_mono_ns();
    supervisor->said = supervisor->said_mono_ns == 0 || now_ns - supervisor->said_mono_ns > SAY_STEP_NS;
    if (!supervisor->said)
        return;
    supervisor->said_mono_ns = now_ns;
    log_warning("interface %s is down or gone; recording goes on when it is back",
                supervisor->options->device.interface);
}

static void say_back(struct supervisor *supervisor)
{
    if (supervisor->said)
        log_info("interface %s is back", supervisor->options->device.interface);
    supervisor->said = false;
}

/* Gives the worker a device for the interface that now has the name. */
static void reopen(struct supervisor *supervisor)
{
    struct device device;
    struct error err = {0};
    if (device_open(&supervisor->options->device, false, &device, &err) != 0) {
        supervisor->retry = true; /* it may be half there, or memory short for a while */
        return;
    }
    if (channel_send(supervisor->channel, CHANNEL_DEVICE, &device)) {
        supervisor->index = device.index;
        supervisor->away = false;
        say_back(supervisor);
    } else {
        supervisor->retry = true;
    }
    device_close(&device);
}

/* Compares the interface with what the worker knows of it. Sending what has not been taken yet is tried again. */
static void look_at_interface(struct supervisor *supervisor)
{
    supervisor->retry = false;
    struct link_state state = link_state_of(supervisor->watch, supervisor->options->device.interface);
    bool ours = state.index == supervisor->index;
    bool gone =
        !ours && !link_exists(supervisor->watch, supervisor->index); /* it may only have another name now */
    bool replaced = !ours && state.index != 0;
    if (!supervisor->away && (replaced || gone || (ours && !state.up))) {
        if (!channel_send(supervisor->channel, CHANNEL_LOST, NULL)) {
            supervisor->retry = true;
            return;
        }
        supervisor->away = true;
        say_lost(supervisor);
    }
    if (supervisor->away && replaced && state.up) {
        reopen(supervisor);
    } else if (supervisor->away && ours && state.up) {
        if (channel_send(supervisor->channel, CHANNEL_BACK, NULL)) {
            supervisor->away = false;
            say_back(supervisor);
        } else {
            supervisor->retry = true;
        }
    }
}

/* Hands one signal on. */
static void take_signal(struct supervisor *supervisor, int number)
{
    switch (number) {
    case SIGHUP:
        channel_send(supervisor->channel, CHANNEL_ROTATE, NULL);
        return;
    case SIGUSR1:
        channel_send(supervisor->channel, CHANNEL_REPORT, NULL);
        return;
    case SIGINT:
    case SIGTERM:
        if (supervisor->stopping || !channel_send(supervisor->channel, CHANNEL_STOP, NULL)) {
            kill(supervisor->worker, SIGKILL);
            _exit(128 + number);
        }
        supervisor->stopping = true;
        return;
    default:
        return; /* SIGCHLD: the worker is looked at in every turn */
    }
}

static void take_signals(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;
    while (read(supervisor->signals, &info, sizeof info) == (ssize_t)sizeof info)
        take_signal(supervisor, (int)info.ssi_signo);
}

/* Returns whether the worker has ended, and the exit status that this makes. */
static bool has_ended(const struct supervisor *supervisor, int *ret_status)
{
    int status;
    pid_t ended;
    do
        ended = waitpid(supervisor->worker, &status, WNOHANG);
    while (ended < 0 && errno == EINTR);
    if (ended != supervisor->worker)
        return false;
    if (WIFEXITED(status)) {
        *ret_status = WEXITSTATUS(status);
        return true;
    }
    int number = WTERMSIG(status);
    log_error("the worker was ended by signal %d (%s): sealed segments are whole, the last one is kept as "
              "far as it was written; "
              "see rehearse verify",
              number, strsignal(number));
    *ret_status = 128 + number;
    return true;
}

static int supervise(struct supervisor *supervisor)
{
    struct pollfd wait[] = {{.fd = supervisor->signals, .events = POLLIN},
                            {.fd = supervisor->watch, .events = POLLIN}};
    bool any = supervisor->index == 0;
    int status;
    if (!any)
        look_at_interface(supervisor); /* it may have changed before the watch began */
    while (!has_ended(supervisor, &status)) {
        poll(wait, any ? 1 : 2, supervisor->retry ? RETRY_MS : -1);
        take_signals(supervisor);
        if (any || (!wait[1].revents && !supervisor->retry))
            continue;
        link_watch_clear(supervisor->watch);
        look_at_interface(supervisor);
    }
    return status;
}

/* Lets the process group's signals pass the worker by: it is told by the parent. */
static int run_worker(const struct supervisor_options *options, int channel, const sigset_t *old_mask)
{
    for (size_t i = 0; i < HANDED_ON; i++)
        signal(handed_on[i], SIG_IGN);
    sigprocmask(SIG_SETMASK, old_mask, NULL);
    return options->work(options->arg, channel);
}

static int run_parent(struct supervisor *supervisor, struct device *device)
{
    struct error err = {0};
    bool sent = channel_send(supervisor->channel, CHANNEL_DEVICE, device);
    device_close(device);
    if (!sent)
        error_set(&err, ERROR_IO, "the worker does not take the device");
    else if (link_watch_open(&supervisor->watch, &err) == 0 &&
             (supervisor->options->user || sandbox_keep_raw_sockets(NULL, &err) == 0))
        return supervise(supervisor);
    kill(supervisor->worker, SIGKILL);
    log_error("%s", err.text);
    return FAILED;
}

int supervisor_run(const struct supervisor_options *options)
{
    struct supervisor supervisor = {.options = options};
    struct error err = {0};
    struct device device;
    int ends[2];
    sigset_t mask, old_mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    for (size_t i = 0; i < HANDED_ON; i++)
        sigaddset(&mask, handed_on[i]);
    if (device_open(&options->device, true, &device, &err) != 0 || channel_open(ends, &err) != 0 ||
        (options->user && sandbox_keep_raw_sockets(options->user, &err) != 0)) {
        log_error("%s", err.text);
        return error_exit_status(&err);
    }
    char *filter_text = kernel_filter_text(options->device.filter);
    log_info("%s", filter_text);
    free(filter_text);
    supervisor.index = device.index;
    supervisor.channel = ends[0];
    sigprocmask(SIG_BLOCK, &mask, &old_mask);
    supervisor.signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    supervisor.worker = supervisor.signals < 0 ? -1 : fork();
    if (supervisor.worker < 0) {
        log_error("cannot start the worker: %s", strerror(errno));
        return FAILED;
    }
    if (supervisor.worker == 0) {
        close(ends[0]);
        close(supervisor.signals);
        device_close(&device); /* it comes by the channel */
        return run_worker(options, ends[1], &old_mask);
    }
    close(ends[1]);
    return run_parent(&supervisor, &device);
}
