/* CRC-32C (Castagnoli, RFC 3720 appendix B.4): reflected polynomial 0x82f63b78, initial and final value all
 * ones. */
#ifndef COMMON_CRC32C_H
#define COMMON_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Returns the CRC-32C of |size| bytes at |data|. Thread-safe. */
uint32_t crc32c(const void *data, size_t size);
/* Goes on from |crc|, the value for the bytes before (0 for none). */
uint32_t crc32c_extend(uint32_t crc, const void *data, size_t size);
/* As crc32c_extend without the processor's instruction; tests hold one against the other. */
uint32_t crc32c_extend_portable(uint32_t crc, const void *data, size_t size);

#endif
