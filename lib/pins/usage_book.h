// SPDX-License-Identifier: MIT
// From looks at the accounting maps to what each process sent and received in between.
//
// Pure bookkeeping over bpf/usage.h, no kernel. A look is: begin(), each entry of maps/usage, then
// each record of maps/dead that is new, then end(). The order matters: an entry that moves is in
// dead before it leaves usage, so a look that takes them in this order misses none.
#pragma once

#include "bpf/abi/usage.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pinpipe {

inline usage_sums operator-(const usage_sums &a, const usage_sums &b) {
    return {a.bytes_sent - b.bytes_sent, a.bytes_received - b.bytes_received,
            a.calls_sent - b.calls_sent, a.calls_received - b.calls_received};
}
inline usage_sums operator+(const usage_sums &a, const usage_sums &b) {
    return {a.bytes_sent + b.bytes_sent, a.bytes_received + b.bytes_received,
            a.calls_sent + b.calls_sent, a.calls_received + b.calls_received};
}
inline bool is_zero(const usage_sums &s) {
    return !(s.bytes_sent | s.bytes_received | s.calls_sent | s.calls_received);
}

class UsageBook {
public:
    void begin();

    // What entry key has grown by since the look before. Zero for one whose last words were read
    // already, and which is just about to leave the map.
    usage_sums entry(const usage_key &key, const usage_sums &sums);

    // The same for an entry of the dead ring. What comes for a dead one later is an addition.
    usage_sums dead(const usage_key &key, const usage_sums &sums);

    // Forgets what was not seen. complete: the dead ring has been read to its end; else those that
    // are missing are kept, since their last words may still come. Returns the sums so far of
    // entries that vanished without any: their last words were overwritten.
    usage_sums end(bool complete);

    size_t size() const { return slots_.size(); }
    uint64_t probes() const { return probes_; } // places looked at, ever: a measure of the hash

private:
    struct Slot {
        usage_key key;
        usage_sums last;
        uint32_t look = 0; // that saw it
        bool dead = false;
    };
    // A new one has look 0.
    Slot &find(const usage_key &key);
    void index();

    // In the order in which they came first: the next look finds them in nearly the same, so that
    // the slot behind the last one found is mostly the right one, and near.
    std::vector<Slot> slots_;
    std::vector<uint32_t> places_ = std::vector<uint32_t>(256); // open addressing, a power of two
    size_t next_ = 0;                                           // the slot to try first
    uint32_t look_ = 0;
    uint64_t probes_ = 0;
};

} // namespace pinpipe
