/* Yardstick: reads every packet of a file with libpcap and does nothing with it. */
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    char message[PCAP_ERRBUF_SIZE];
    pcap_t *file = argc > 1 ? pcap_open_offline(argv[1], message) : NULL;
    if (!file) {
        fprintf(stderr, "usage: bare_read FILE\n");
        return 2;
    }
    struct pcap_pkthdr *header;
    const u_char *data;
    uint64_t packets = 0, bytes = 0;
    while (pcap_next_ex(file, &header, &data) == 1) {
        packets++;
        bytes += header->caplen;
    }
    pcap_close(file);
    printf("%" PRIu64 " packets, %" PRIu64 " bytes\n", packets, bytes);
    return 0;
}
