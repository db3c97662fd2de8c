// SPDX-License-Identifier: MIT
// Helpers of the benchmarks: frames, ratios of interleaved pairs, a table of results and bounds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <vector>

namespace bench {

inline double seconds(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

inline double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// Keeps the compiler from leaving out the computation of value.
inline void keep(uint64_t value) {
    asm volatile("" : : "r"(value) : "memory");
}

struct Pair {
    double ours, theirs, ratio; // medians; ratio: of the pairs' ratios
};

// Calls both in turn, pairs times. Each returns a cost, or each a rate.
template <class A, class B> Pair in_pairs(int pairs, A ours, B theirs) {
    std::vector<double> a, b, r;
    for (int i = 0; i < pairs; i++) {
        a.push_back(ours());
        b.push_back(theirs());
        r.push_back(a.back() / b.back());
    }
    return {median(a), median(b), median(r)};
}

inline int failures = 0;

// Prints a line: what, both figures, their unit, the ratio and its bound.
inline void tell(const char *what, const Pair &p, const char *unit, double bound, bool at_most) {
    const bool good = at_most ? p.ratio <= bound : p.ratio >= bound;
    failures += !good;
    std::printf("%-58s %12.1f %12.1f %-8s %6.2f  %s %.2f  %s\n", what, p.ours, p.theirs, unit,
                p.ratio, at_most ? "<=" : ">=", bound, good ? "ok" : "MISSED");
    std::fflush(stdout);
}

// An Ethernet frame with an ICMP echo request (IPv4), 98 bytes. proto replaces the protocol; TCP
// and UDP frames are for frame_port.
inline constexpr uint16_t frame_port = 5050;
inline std::vector<unsigned char> frame(uint32_t source = 1, unsigned char proto = 1) {
    std::vector<unsigned char> f(98);
    const unsigned char start[] = {2, 0,    0, 0, 0,  1, 2, 0,    0, 0,  0,     2, 8,
                                   0, 0x45, 0, 0, 84, 0, 0, 0x40, 0, 64, proto, 0, 0};
    std::memcpy(f.data(), start, sizeof start);
    const unsigned char addresses[] = {10,
                                       static_cast<unsigned char>(source >> 16),
                                       static_cast<unsigned char>(source >> 8),
                                       static_cast<unsigned char>(source),
                                       192,
                                       0,
                                       2,
                                       1};
    std::memcpy(f.data() + 26, addresses, sizeof addresses);
    f[34] = 8;
    f[36] = frame_port >> 8;
    f[37] = frame_port & 0xff;
    f[39] = 7;
    f[41] = static_cast<unsigned char>(source);
    return f;
}

} // namespace bench
