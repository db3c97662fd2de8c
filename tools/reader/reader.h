// SPDX-License-Identifier: MIT
// One run of ebpf-read: claim, read, write, end.
#pragma once

#include "lib/pins/hooks.h"
#include "tools/reader/claim.h"
#include "tools/reader/looks.h"
#include "tools/reader/loss.h"
#include "tools/reader/own_events.h"
#include "tools/reader/waiter.h"

#include <vector>

namespace pinpipe::reader {

// How a run ended, besides errors.
struct Ending {
    bool closed = false;   // standard output's receiver went away: nothing more to say
    bool unloaded = false; // the loader took everything away
    uint64_t events = 0;
    uint64_t lost = 0;
};

class Reader {
public:
    // Opens the pins and claims a slot. Fails with the exit status that ebpf-read then has.
    static Result<Reader> open(const Request &request);

    // Reads until the count, the time, a stop signal, the receiver's end, an output error or an
    // unload. ending is filled in every case.
    Result<void> run(Ending &ending);

    // "icmp on eth0, wlan0"
    std::string description() const;
    // Ports are read and none is watched: their stream tells nothing.
    Result<bool> watches_nothing() const { return looks_.watches_nothing(); }
    uint32_t streams() const { return request_.streams; } // bit N: stream N is read
    // Events that were left out, being of the reader's own pipeline.
    uint64_t left_out() const;
    int slot() const { return claim_ ? static_cast<int>(claim_->slot()) : -1; } // -1: none

private:
    explicit Reader(const Request &request) : request_(request) {}
    Result<void> open_events(const Pins &pins, const abi_record &abi);

    Result<void> read();
    int wait_time(bool busy, int64_t now) const;
    Result<void> refresh_hooks();
    Result<size_t> read_some();
    Result<void> drain();
    void write(const Record &record);
    Result<void> tell_when_idle();
    Result<void> flush();
    Result<void> look_at_abi();
    void warn_of_tampering();
    void forget_ended();

    Request request_;
    std::optional<Claim> claim_; // of event streams
    uint32_t claimed_ = 0;       // bit N: stream N comes through it
    Waiter waiter_;
    Looks looks_;
    OwnEvents own_;
    Fd hooks_, abi_;
    uint32_t hook_changes_ = 0;
    HookTable hook_table_{};
    std::optional<EventLines> lines_;
    std::vector<Record> batch_;
    std::array<LossTracker, STREAMS> losses_;
    int64_t end_ = INT64_MAX;               // of CLOCK_BOOTTIME
    std::array<uint64_t, STREAMS> taken_{}; // records of this claim taken out of the ring
    uint64_t tampered_ = 0;
    bool unloaded_ = false;
};

} // namespace pinpipe::reader
