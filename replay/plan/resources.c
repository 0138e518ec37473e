#include "replay/plan/resources.h"

#include "common/units.h"
#include "replay/plan/demand.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static void read_ports(struct resources *resources)
{
    uint64_t first, last;
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
    if (file && fscanf(file, "%" SCNu64 " %" SCNu64, &first, &last) == 2 && last >= first)
        resources->ports = last - first + 1;
    if (file)
        fclose(file);
}

static void read_memory(struct resources *resources)
{
    char line[128];
    uint64_t kib;
    FILE *file = fopen("/proc/meminfo", "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "MemAvailable: %" SCNu64, &kib) == 1)
            resources->memory_bytes = kib * 1024;
    if (file)
        fclose(file);
}

void resources_read(struct resources *resources)
{
    struct rlimit limit;
    resources->files = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : 0;
    resources->ports = resources->memory_bytes = 0;
    read_ports(resources);
    read_memory(resources);
}

unsigned resources_check(const struct resources *resources, const struct resource_needs *needs,
                         struct buffer *advice)
{
    unsigned count = 0;
    uint64_t files = needs->connections + resources->files_kept, ports = resources->ports * resources->ways;
    char needed[UNITS_TEXT_SIZE], there[UNITS_TEXT_SIZE];
    if (resources->files && files > resources->files && ++count)
        buffer_printf(advice,
                      "%" PRIu64 " connections open at a time need %" PRIu64
                      " open files, the limit is %" PRIu64 ": raise it (ulimit -n %" PRIu64
                      "), or share connections (--connections N); requests will wait\n",
                      needs->connections, files, resources->files, files);
    if (resources->ports && needs->opened > ports && ++count)
        buffer_printf(
            advice,
            "%" PRIu64 " connections opened in %d s need as many local ports, there are %" PRIu64
            ": give more addresses to send from (--source-ip), widen net.ipv4.ip_local_port_range, or share "
            "connections (--connections N); connecting will fail\n",
            needs->opened, DEMAND_LINGER_S, ports);
    if (resources->memory_bytes && needs->memory_bytes > resources->memory_bytes && ++count)
        buffer_printf(
            advice,
            "about %s of memory are needed, %s can be had: lower --max-in-flight or --max-connections\n",
            units_format_size(needs->memory_bytes, needed),
            units_format_size(resources->memory_bytes, there));
    return count;
}
