/* Property: link and IP decoding of any bytes of any link type ends in a verdict and reads nothing past them; a
 * TCP segment's payload lies inside the frame. Input: one byte picks the link type, one the length that was cut
 * off, the rest is the frame. */
#include "capture/net/ip.h"
#include "capture/net/link.h"

#include <assert.h>
#include <pcap/dlt.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int types[] = {DLT_EN10MB, DLT_NULL, DLT_LOOP,      DLT_RAW, 101,
                                228,        229,      DLT_LINUX_SLL, 276,     147};
    if (size < 2)
        return 0;
    int dlt = types[data[0] % (sizeof types / sizeof types[0])];
    struct bytes frame = {malloc(size - 2), size - 2}; /* its own memory: ASan sees every byte past it */
    memcpy((void *)frame.data, data + 2, size - 2);
    struct bytes ip;
    enum net_verdict verdict = link_decode(dlt, frame, &ip);
    assert(link_known(dlt) || verdict != NET_TCP);
    assert(net_verdict_name(verdict)[0] != 0);
    assert(!link_has_vlan(dlt) || dlt == DLT_EN10MB);
    if (verdict == NET_TCP) {
        assert(ip.size > 0 && ip.data >= frame.data && ip.data + ip.size == frame.data + frame.size);
        struct tcp_segment segment;
        verdict = ip_decode(ip, ip.size + data[1], &segment);
        if (verdict == NET_TCP) {
            assert(segment.payload.data >= ip.data);
            assert(segment.payload.data + segment.payload.size <= ip.data + ip.size);
            assert(segment.payload.size <= segment.payload_wire_bytes);
            assert(segment.payload_wire_bytes <= ip.size + data[1]);
        }
    }
    free((void *)frame.data);
    return 0;
}
