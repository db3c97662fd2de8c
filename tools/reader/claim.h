// SPDX-License-Identifier: MIT
// A reader slot that is ours while this object lives.
//
// A BPF ring buffer has one consumer, so the loader makes several, and a reader claims one:
//   1. flock(2) on readers/N: released by the kernel however a reader ends. Then the directory's
//   inode is
//      compared with the path's, since a locked directory may have been removed and made again.
//   2. the slot's bits in maps/wanted are cleared: nothing new is written for the slot
//   3. consumer position = producer position: what a dead reader left is skipped
//   4. filters, then a raised generation, which every record carries: one that was on its way with
//      the old filters shows itself by the old generation
//   5. the loss counters are noted as the baseline, and the bits are set.
// Bits that dead readers left in maps/wanted are cleared on the way: they cost time for every
// packet.
#pragma once

#include "lib/pins/pins.h"
#include "lib/pins/ring.h"

#include <functional>

namespace pinpipe {

class Claim {
public:
    // What to ask for: fills the filters of a zeroed control record.
    using Ask = std::function<void(reader_control &)>;

    // streams: bit N asks for stream N. Fails when all slots are taken, naming who holds them.
    static Result<Claim> take(const Pins &pins, const abi_record &abi, uint32_t streams,
                              const Ask &ask);

    Claim(Claim &&) = default;
    Claim &operator=(Claim &&other) noexcept; // what was held goes with other
    ~Claim();

    unsigned slot() const { return slot_; }
    uint16_t generation() const { return generation_; }
    Ring &ring() { return ring_; }

    // Changes the interfaces asked for while running: one aligned word.
    void set_hooks(uint64_t hooks);

    // Changes which processes the filter leaves out as the reader's own pipeline, while running.
    // Programs that read it meanwhile may leave out one that is removed, never another one.
    void set_own(const socket_filter &filter);

    // Events since the claim that were left out, being of the reader's own pipeline.
    uint64_t left_out() const;

    // Records lost and written for this slot since the claim.
    struct Counts {
        uint64_t lost;
        uint64_t written;
    };
    Counts counts(unsigned stream) const;
    // The losses since the claim from a record's own count, modulo 2^32.
    uint32_t lost_since(unsigned stream, uint32_t count) const {
        return count - static_cast<uint32_t>(base_.lost[stream]);
    }

    // Tells status how many records were taken out since the claim.
    void note_read(unsigned stream, uint64_t count);

    // Asks for nothing more and waits until no program is on its way with the old word: all that
    // will ever come is in the ring then.
    void stop();

private:
    Claim() = default;
    Result<void> occupy(const Pins &pins, const abi_record &abi);
    Result<void> open(const Pins &pins, const abi_record &abi, unsigned slot);
    void start(uint32_t streams, const Ask &ask);
    reader_losses counters() const;

    Fd lock_; // declared first, so released last: nobody may claim while the ring is still mapped
    Fd losses_;
    Mapping wanted_, control_;
    Ring ring_;
    unsigned slot_ = 0;
    uint16_t generation_ = 0;
    reader_losses base_{};
    __u64 read_before_[STREAMS] = {}; // by earlier claims of the slot
};

} // namespace pinpipe
