#include "capture/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif
#define CREATE_RULESET_VERSION 1
#define RULE_PATH_BENEATH      1

/* What can be done with files, a bit each; those above came with later versions of the interface. */
#define WRITE_FILE   (UINT64_C(1) << 1)
#define READ_FILE    (UINT64_C(1) << 2)
#define READ_DIR     (UINT64_C(1) << 3)
#define REMOVE_FILE  (UINT64_C(1) << 5)
#define MAKE_REG     (UINT64_C(1) << 8)
#define ALL_V1       ((UINT64_C(1) << 13) - 1)
#define REFER        (UINT64_C(1) << 13)
#define TRUNCATE     (UINT64_C(1) << 14)
#define DEVICE_IOCTL (UINT64_C(1) << 15)
#define RECORDING    (WRITE_FILE | READ_FILE | READ_DIR | REMOVE_FILE | MAKE_REG | TRUNCATE)
#define ALL_NETWORK  UINT64_C(3) /* bind and connect of TCP */
#define ALL_SCOPES   UINT64_C(3) /* abstract Unix sockets, signals */

struct ruleset {
    uint64_t files, network, scopes;
};

struct path_beneath {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed));

static int allow_folder(int ruleset, const char *folder, uint64_t handled)
{
    struct path_beneath rule = {.allowed = RECORDING & handled,
                                .parent_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (rule.parent_fd < 0)
        return -1;
    long added = syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0);
    close(rule.parent_fd);
    return (int)added;
}

int landlock_confine(const char *folder, struct error *err)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
    if (version < 1)
        return 0;
    struct ruleset rules = {.files = ALL_V1 | (version >= 2 ? REFER : 0) | (version >= 3 ? TRUNCATE : 0) |
                                     (version >= 5 ? DEVICE_IOCTL : 0),
                            .network = ALL_NETWORK,
                            .scopes = ALL_SCOPES};
    size_t size = version >= 6   ? sizeof rules
                  : version >= 4 ? offsetof(struct ruleset, scopes)
                                 : sizeof rules.files;
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (ruleset < 0)
        return error_set_errno(err, ERROR_IO, errno, "Landlock");
    if ((folder && allow_folder(ruleset, folder, rules.files) != 0) ||
        syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) {
        error_set_errno(err, ERROR_IO, errno, "confining to the folder %s", folder ? folder : "(none)");
        close(ruleset);
        return -1;
    }
    close(ruleset);
    return 0;
}
