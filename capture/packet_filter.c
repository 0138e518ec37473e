#include "capture/packet_filter.h"

#include "capture/net/link.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

/* Puts VLAN-tagged packets into |expression|'s reach: a BPF program looks at fixed places, which a tag
 * moves. */
static char *look_behind_tags(const char *expression, int dlt)
{
    if (!link_has_vlan(dlt) || strstr(expression, "vlan"))
        return xstrdup(expression);
    return xasprintf("(%s) or (vlan and ((%s) or (vlan and (%s))))", expression, expression, expression);
}

int packet_filter_compile(pcap_t *handle, const char *expression, const char *user_filter,
                          struct bpf_program *ret_program, struct error *err)
{
    char *text = look_behind_tags(expression, pcap_datalink(handle));
    struct bpf_program program;
    int result = pcap_compile(handle, &program, text, 1, PCAP_NETMASK_UNKNOWN);
    free(text);
    if (result != 0)
        return error_set(err, ERROR_USAGE, "--filter '%s': %s", user_filter ? user_filter : expression,
                         pcap_geterr(handle));
    *ret_program = program;
    return 0;
}
