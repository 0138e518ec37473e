#include "capture/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

int privileges_drop(const char *user, struct error *err)
{
    errno = 0;
    const struct passwd *entry = getpwnam(user);
    if (!entry)
        return error_set(err, ERROR_USAGE, "--user: there is no user '%s'", user);
    if (initgroups(user, entry->pw_gid) != 0 || setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) != 0 ||
        setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) != 0)
        return error_set_errno(err, ERROR_IO, errno, "becoming user %s", user);
    if (entry->pw_uid != 0 && setuid(0) == 0)
        return error_set(err, ERROR_IO, "becoming user %s: root's rights could be had back", user);
    return 0;
}
