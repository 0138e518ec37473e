#include "replay/stats/binomial.h"

#include <math.h>

static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

/* log P[Bin(n, p) = k] */
static double log_mass(double n, double k, double p)
{
    return log_gamma(n + 1) - log_gamma(k + 1) - log_gamma(n - k + 1) + k * log(p) + (n - k) * log1p(-p);
}

/* The mass at k times the sum of the ratios of what follows it: P[X >= k] going up, P[X <= k] going down.
 * Only used on the side of the mean where the ratios fall, so few terms count. */
static double tail_up(double n, double k, double p)
{
    double sum = 1, term = 1, odds = p / (1 - p);
    for (double i = k; i < n && term > sum * 1e-17; i++) {
        term *= (n - i) / (i + 1) * odds;
        sum += term;
    }
    return exp(log_mass(n, k, p)) * sum;
}

static double tail_down(double n, double k, double p)
{
    double sum = 1, term = 1, odds = (1 - p) / p;
    for (double i = k; i > 0 && term > sum * 1e-17; i--) {
        term *= i / (n - i + 1) * odds;
        sum += term;
    }
    return exp(log_mass(n, k, p)) * sum;
}

double binomial_tail(uint64_t n, uint64_t k, double p)
{
    if (k == 0)
        return 1;
    if (k > n || p <= 0)
        return 0;
    if (p >= 1)
        return 1;
    double tail;
    if ((double)k > (double)n * p)
        tail = tail_up((double)n, (double)k, p);
    else
        tail = 1 - tail_down((double)n, (double)(k - 1), p);
    return tail < 0 ? 0 : tail > 1 ? 1 : tail;
}
