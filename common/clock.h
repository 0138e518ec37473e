/* Time in nanoseconds. Intervals use the monotonic clock only; the wall clock names instants for people. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)

/* Returns CLOCK_MONOTONIC in nanoseconds. */
uint64_t clock_mono_ns(void);
/* Returns CLOCK_REALTIME in nanoseconds since the epoch. */
uint64_t clock_wall_ns(void);
/* Returns the processor time that the calling thread, or the whole process, took so far. */
uint64_t clock_thread_cpu_ns(void);
uint64_t clock_process_cpu_ns(void);

#define CLOCK_ISO8601_SIZE 32
/* Writes |wall_ns| as UTC "2026-11-20T09:00:00.123456789Z" into |text| of CLOCK_ISO8601_SIZE bytes; returns
 * |text|. */
char *clock_format_iso8601(uint64_t wall_ns, char *text);

#endif
