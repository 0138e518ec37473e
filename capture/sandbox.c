#include "capture/sandbox.h"

#include "capture/landlock.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(REHEARSE_COVERAGE) ||           \
    defined(REHEARSE_PROFILE)
#define INSTRUMENTED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define INSTRUMENTED true
#endif
#endif
#ifndef INSTRUMENTED
#define INSTRUMENTED false
#endif

/* Needed by the C library, the threads, the segment files and the packet ring. */
static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),

    SCMP_SYS(pwrite64),
    SCMP_SYS(pwritev),
    SCMP_SYS(pwritev2),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(fcntl),
    SCMP_SYS(flock),
    SCMP_SYS(openat),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(fstatfs),
    SCMP_SYS(getdents64),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(unlinkat),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(sync_file_range),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(fadvise64),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(recvmsg),
    SCMP_SYS(getsockopt),
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(mlock),
    SCMP_SYS(munlock),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

static int find_user(const char *user, const struct passwd **ret_entry, struct error *err)
{
    errno = 0;
    *ret_entry = user ? getpwnam(user) : NULL;
    return user && !*ret_entry ? error_set(err, ERROR_USAGE, "--user: there is no user '%s'", user) : 0;
}

static int change_user(const struct passwd *entry, struct error *err)
{
    if (initgroups(entry->pw_name, entry->pw_gid) != 0 ||
        setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) != 0 ||
        setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) != 0)
        return error_set_errno(err, ERROR_IO, errno, "becoming user %s", entry->pw_name);
    return 0;
}

/* Only who has CAP_SETPCAP can empty the bounding set; no_new_privs makes it mean nothing for anybody else. */
static void empty_bounding_set(void)
{
    if (capng_get_caps_process() != 0 || !capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
        return;
    capng_clear(CAPNG_SELECT_BOUNDS);
    (void)capng_apply(CAPNG_SELECT_BOUNDS);
}

/* Leaves |capability| (-1: none) in the permitted and effective sets, and nothing in any other. */
static int reduce_capabilities(int capability, struct error *err)
{
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* kernels before 4.3 have no such set */
    capng_clear(CAPNG_SELECT_CAPS);
    if (capability >= 0)
        capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, (unsigned)capability);
    if (capng_apply(CAPNG_SELECT_CAPS) != 0)
        return error_set(err, ERROR_IO, "capabilities could not be given up");
    return 0;
}

static int allow_no_new_rights(struct error *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_set_errno(err, ERROR_IO, errno, "no_new_privs");
    return 0;
}

int sandbox_become(const char *user, struct error *err)
{
    const struct passwd *entry;
    if (find_user(user, &entry, err) != 0)
        return -1;
    empty_bounding_set();
    if (!entry)
        return 0;
    if (change_user(entry, err) != 0)
        return -1;
    if (entry->pw_uid != 0 && setuid(0) == 0)
        return error_set(err, ERROR_IO, "becoming user %s: root's rights could be had back", user);
    return 0;
}

int sandbox_become_owner(const char *folder, bool *ret_became, struct error *err)
{
    struct stat info;
    if (stat(folder, &info) != 0)
        return error_set_errno(err, ERROR_IO, errno, "%s", folder);
    *ret_became = geteuid() == 0 && info.st_uid != 0;
    if (!*ret_became)
        return 0;
    empty_bounding_set();
    if (setgroups(0, NULL) != 0 || setresgid(info.st_gid, info.st_gid, info.st_gid) != 0 ||
        setresuid(info.st_uid, info.st_uid, info.st_uid) != 0)
        return error_set_errno(err, ERROR_IO, errno, "becoming user %u, who owns %s", info.st_uid, folder);
    return 0;
}

int sandbox_keep_raw_sockets(const char *user, struct error *err)
{
    const struct passwd *entry;
    if (find_user(user, &entry, err) != 0)
        return -1;
    empty_bounding_set();
    if (entry) {
        prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
        if (change_user(entry, err) != 0)
            return -1;
        prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    }
    if (reduce_capabilities(CAP_NET_RAW, err) != 0)
        return -1;
    return allow_no_new_rights(err);
}

static int allow_writing(scmp_filter_ctx filter, int fd)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
                            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd)) |
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(writev), 1,
                            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd));
}

/* Adds the calls whose arguments matter. A new thread is not a new process; clone3 hides its flags in memory, so that the C library is told to
 * do without it. */
static int allow_with_arguments(scmp_filter_ctx filter, const struct sandbox_needs *needs)
{
    int failed = allow_writing(filter, STDOUT_FILENO) | allow_writing(filter, STDERR_FILENO);
    for (size_t i = 0; i < SANDBOX_WRITE_FDS_MAX; i++)
        failed |= needs->write_fds[i] >= 0 ? allow_writing(filter, needs->write_fds[i]) : 0;
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                               SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM));
    failed |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                               SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                               SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, TCGETS));
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, TIOCGWINSZ));
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0));
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, /* abort(3) */
                               SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
    return failed;
}

static int allow_system_calls(const struct sandbox_needs *needs, struct error *err)
{
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
        return 0; /* a kernel without it: every other wall stands */
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    bool made = filter != NULL;
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0] && made; i++)
        made = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
    made = made && allow_with_arguments(filter, needs) == 0 && seccomp_load(filter) == 0;
    if (filter)
        seccomp_release(filter);
    return made ? 0 : error_set(err, ERROR_IO, "the filter of system calls could not be set up");
}

int sandbox_enter(const struct sandbox_needs *needs, struct error *err)
{
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return error_set_errno(err, ERROR_IO, errno, "switching core dumps off");
    empty_bounding_set();
    if (reduce_capabilities(-1, err) != 0 || allow_no_new_rights(err) != 0)
        return -1;
    if (INSTRUMENTED)
        return 0;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return error_set_errno(err, ERROR_IO, errno, "forbidding to be traced");
    return landlock_confine(needs->folder, err) != 0 ? -1 : allow_system_calls(needs, err);
}

static void report(const char *what, bool refused)
{
    const char *name = refused ? strerrorname_np(errno) : NULL;
    printf("sandbox: %s %s\n", what, refused ? name ? name : "refused" : "ALLOWED");
}

static int try_child(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    if (child > 0)
        waitpid(child, NULL, 0);
    return child < 0 ? -1 : 0;
}

/* A packet socket also sends what is written to it. */
static void try_sending(void)
{
    for (int fd = 3; fd < 64; fd++) {
        int domain;
        socklen_t size = sizeof domain;
        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_PACKET)
            continue;
        static const char frame[60];
        report("send a packet:", write(fd, frame, sizeof frame) < 0);
    }
}

void sandbox_try(void)
{
    try_sending();
    char *const arguments[] = {(char *)"true", NULL};
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    report("read a file outside the folder:", fd < 0);
    fd = open("/tmp/rehearse-sandbox", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    report("create a file outside the folder:", fd < 0);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    report("socket:", fd < 0);
    fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    report("packet socket:", fd < 0);
    report("ptrace:", ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0);
    report("fork:", try_child() < 0);
    report("signal another process:", kill(getppid(), 0) < 0);
    report("become root:", setuid(0) < 0);
    report("execve:", execve("/bin/true", arguments, arguments) < 0);
    fflush(stdout);
}
