/* The exact binomial tail. */
#ifndef REPLAY_STATS_BINOMIAL_H
#define REPLAY_STATS_BINOMIAL_H

#include <stdint.h>

/* Returns P[Bin(|n|, |p|) >= |k|], summed in log space by lgamma; |p| in 0 to 1. Relative error under 1e-6
 * for n up to 10^7. Thread-safe. */
double binomial_tail(uint64_t n, uint64_t k, double p);

#endif
