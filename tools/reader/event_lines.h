// SPDX-License-Identifier: MIT
// What is told of events and sums: NDJSON in a buffer, in the order of its seq, and how much it
// was.
#pragma once

#include "lib/base/output.h"
#include "lib/pins/hooks.h"
#include "lib/pins/ring.h"
#include "lib/system/clock.h"
#include "tools/reader/executables.h"
#include "tools/reader/lines/lost_json.h"
#include "tools/reader/lines/socket_json.h"
#include "tools/reader/options.h"
#include "tools/reader/ports_stream.h"
#include "tools/reader/usage_stream.h"

#include <array>

namespace pinpipe::reader {

class EventLines {
public:
    // Opens what names things: of rules, if the stream deny is read, and of executables.
    // clock: of the abi record.
    static Result<EventLines> open(const Pins &pins, const Request &request, int64_t clock);

    // A number that is free now keeps its last name: records of it may still be in the ring.
    void name_hooks(const HookTable &hooks);

    // From here on times are converted by what the clocks say now.
    void refresh_clock() { clock_.refresh(); }

    void write(const Record &record, const record_header &header);
    void write(const bind_record &record);
    void write_lost(unsigned stream, uint64_t count, uint64_t boot_time); // nothing, if it is 0

    // One snapshot; what it could not attribute counts as lost.
    Result<void> look(UsageStream &stream);
    Result<void> look(PortsStream &stream);

    size_t size() const { return lines_.size(); } // bytes

    // To standard output; nothing is kept, also on errors.
    Result<void> flush();

    // Finds out whether standard output's receiver went away, without writing.
    void look_at_receiver() { closed_ = closed_ || output_closed(); }

    uint64_t events() const { return events_; }
    uint64_t lost() const { return lost_; }
    bool closed() const { return closed_; } // the receiver went away
    // Nothing more is to be told: the receiver went away, or that was all that was asked for.
    bool over() const { return closed_ || (most_ && events_ >= most_); }

private:
    EventLines(const Request &request, int64_t clock);
    template <class Stream, class Look> Result<void> count(const Stream &stream, Look look);
    LineContext next(uint64_t boot_time);
    SocketContext context_of(const socket_record &socket, const LineContext &line);
    std::string rule_of(uint32_t number) const;

    JsonLines lines_;
    WallClock clock_;
    Executables executables_;
    Fd texts_; // of rules
    std::array<std::string, MAX_HOOKS> hook_runs_;
    std::string host_run_;
    uint64_t seq_ = 0, events_ = 0, lost_ = 0;
    uint64_t most_; // events; 0: no bound
    bool hex_, community_id_, since_load_, closed_ = false;
};

} // namespace pinpipe::reader
