// SPDX-License-Identifier: MIT
// Computes from looks at the accounting maps what each process sent and received between them.
//
// Pure bookkeeping over the records of bpf/abi/usage.h, without a kernel. A look is: begin(), then
// each entry of maps/usage, then each new record of maps/dead, then end(). The order matters: an
// entry that moves is in dead before it leaves usage, so a look in this order misses none.
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

    // The growth of an entry since the previous look. Zero for an entry whose dead record was
    // already read and which is about to leave the map.
    usage_sums entry(const usage_key &key, const usage_sums &sums);

    // The same for a record of the dead ring. Sums of a further record for a dead entry are added.
    usage_sums dead(const usage_key &key, const usage_sums &sums);

    // Forgets entries that this look has not seen. complete: the dead ring was read to its end;
    // else missing entries are kept, since their dead records may still come. Returns the sums so
    // far of entries that vanished without a dead record: it was overwritten.
    usage_sums end(bool complete);

    size_t size() const { return slots_.size(); }
    uint64_t probes() const { return probes_; } // places examined so far: a measure of the hash

private:
    struct Slot {
        usage_key key;
        usage_sums last;
        uint32_t look = 0; // the last one that saw it
        bool dead = false;
    };
    // The slot of a key, made if it is new: then look is 0.
    Slot &find(const usage_key &key);
    void index();

    // In the order in which entries were first seen: the next look finds them in nearly the same
    // order, so the slot behind the last one found is mostly the right one, and near in memory.
    std::vector<Slot> slots_;
    std::vector<uint32_t> places_ = std::vector<uint32_t>(256); // open addressing, a power of two
    size_t next_ = 0;                                           // the slot to try first
    uint32_t look_ = 0;
    uint64_t probes_ = 0;
};

} // namespace pinpipe
