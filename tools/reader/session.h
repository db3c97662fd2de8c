// SPDX-License-Identifier: MIT
// One run of ebpf-read: claim, read, write, end.
#pragma once

#include "lib/pins/hooks.h"
#include "tools/reader/bound_list.h"
#include "tools/reader/claim.h"
#include "tools/reader/event_lines.h"
#include "tools/reader/loss.h"
#include "tools/reader/pipeline.h"
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

class Session {
public:
    // Opens the pins and claims a slot. Fails with the exit status that ebpf-read then has.
    static Result<Session> open(const Request &request);

    // Reads until the count, the time, a stop signal, the receiver's end, an output error or an
    // unload. ending is filled in every case.
    Result<void> run(Ending &ending);

    // "icmp on eth0, wlan0"
    std::string description() const;
    // Ports are read and none is watched: their stream tells nothing.
    Result<bool> watches_nothing() const;
    uint32_t streams() const { return request_.streams; } // bit N: stream N is read
    // Events that were left out, being of the reader's own pipeline.
    uint64_t left_out() const;
    int slot() const { return claim_ ? static_cast<int>(claim_->slot()) : -1; } // -1: none

private:
    explicit Session(const Request &request) : request_(request) {}
    Result<void> open_events(const Pins &pins, const abi_record &abi);

    int wait_time(bool busy, int64_t now) const;
    template <class Stream> Result<void> look_at(Stream &stream);
    Result<void> look_at_what_is_due();
    bool is_over() const;
    int64_t due() const;
    Result<void> look_at_bound();
    Result<void> refresh_hooks();
    Result<size_t> read_some();
    Result<void> drain();
    void write(const Record &record);
    void tell_lost(unsigned stream, uint64_t count, uint64_t boot_time);
    Result<void> settle();
    Result<void> flush();
    Result<void> look_at_abi();
    bool over() const;
    void warn_of_tampering();
    void forget_ended();
    void say_left_out();

    Request request_;
    std::optional<Claim> claim_; // of event streams
    uint32_t claimed_ = 0;       // bit N: stream N comes through it
    Waiter waiter_;
    std::optional<UsageStream> usage_;
    std::optional<PortsStream> ports_;
    std::optional<BoundList> bound_;
    Fd hooks_, abi_;
    uint32_t hook_changes_ = 0;
    HookTable hook_table_{};
    std::optional<EventLines> lines_;
    std::vector<Record> batch_;
    std::array<LossTracker, STREAMS> losses_;
    int64_t end_ = INT64_MAX;               // of CLOCK_BOOTTIME
    std::array<uint64_t, STREAMS> taken_{}; // records of this claim taken out of the ring
    uint64_t tampered_ = 0;
    std::optional<Pipeline> pipeline_; // whose events are left out
    bool said_left_out_ = false;
    Ending *ending_ = nullptr;
};

} // namespace pinpipe::reader
