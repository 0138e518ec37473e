#include "capture/file/foreign.h"

#include <string.h>
#include <strings.h>

#define CONVERT "; 'editcap -F pcap' converts it"
#define UNPACK  "; undo it, or give it by a pipe as '-r -'"

struct sign {
    const char *text;
    size_t size;
    const char *meaning;
};

#define SIGN(text, meaning)                                                                                  \
    {                                                                                                        \
        text, sizeof(text) - 1, meaning                                                                      \
    }

static const struct sign beginnings[] = {
    SIGN("snoop\0\0\0", "a snoop capture" CONVERT),
    SIGN("GMBU", "a Network Monitor capture" CONVERT),
    SIGN("RTSS", "a Network Monitor capture" CONVERT),
    SIGN("iptrace ", "an iptrace capture" CONVERT),
    SIGN("BZh", "a file compressed with bzip2" UNPACK),
    SIGN("\xfd"
         "7zXZ",
         "a file compressed with xz" UNPACK),
    SIGN("\x04\x22\x4d\x18", "a file compressed with lz4" UNPACK),
    SIGN("PK\x03\x04", "a zip archive; unpack it first"),
    SIGN("7z\xbc\xaf", "a 7z archive; unpack it first"),
    SIGN("\x7f"
         "ELF",
         "a program"),
    SIGN("HTTP/", "HTTP text, not packets"),
    SIGN("GET ", "HTTP text, not packets"),
    SIGN("POST ", "HTTP text, not packets"),
    SIGN("{", "JSON"),
    SIGN("[", "JSON"),
    SIGN("<", "HTML or XML"),
};

static const struct sign endings[] = {
    SIGN(".etl", "a Windows trace; 'etl2pcapng' converts it"),
    SIGN(".erf", "an ERF capture" CONVERT),
    SIGN(".seg", "traffic that was recorded already; 'inspect' shows it"),
};

const char *foreign_name(struct bytes head, const char *name)
{
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
        if (head.size >= beginnings[i].size && memcmp(head.data, beginnings[i].text, beginnings[i].size) == 0)
            return beginnings[i].meaning;
    size_t size = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (size >= endings[i].size && strcasecmp(name + size - endings[i].size, endings[i].text) == 0)
            return endings[i].meaning;
    return NULL;
}
