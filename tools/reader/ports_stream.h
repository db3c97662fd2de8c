// SPDX-License-Identifier: MIT
// The stream ports: packets of watched ports on each interface, and who has the port, as NDJSON.
#pragma once

#include "lib/pins/hooks.h"
#include "lib/system/clock.h"
#include "tools/reader/lines/ports_json.h"
#include "tools/reader/options.h"
#include "tools/reader/port_maps.h"

#include <map>
#include <unordered_map>

namespace pinpipe::reader {

class PortsStream {
public:
    // loaded: when everything was, nanoseconds since 1970. Skips what has been, unless totals were
    // asked for.
    static Result<PortsStream> open(const Pins &pins, const Request &request, uint64_t loaded);

    // When the next look is due: nanoseconds of CLOCK_BOOTTIME.
    int64_t due() const { return due_; }
    // One look was all that was asked for, and it has been taken.
    bool over() const { return over_; }
    Result<bool> watches_any() const { return maps_.watches_any(); }
    bool has_owners() const { return !bound_.empty(); }

    // Which interfaces there are, from here on.
    void name_hooks(const HookTable &hooks);

    // An event of the stream bind.
    void note(const bind_record &record) { owners_.note(record); }

    // Takes a look and writes its lines: at most most of them (0: no bound). seq goes on from what
    // it is. Returns how many events were written.
    Result<uint64_t> look(JsonLines &out, const WallClock &clock, std::string_view host_run,
                          uint64_t &seq, uint64_t most);

    uint64_t lost() const { return lost_; } // packets for which there was no room

private:
    struct Place { // of a line
        unsigned hook;
        uint32_t index;
        bool operator<(const Place &o) const {
            return hook != o.hook ? hook < o.hook : index < o.index;
        }
    };
    struct Sums {
        count_record received{}, sent{};
    };
    Result<void> look_at_counts();
    Result<void> look_at_owners();
    Result<void> add_owners();
    Result<bool> is_told(const PortPlace &place);
    bool is_wanted(const Place &place) const;
    bool is_there(unsigned hook) const { return hook < MAX_HOOKS && hooks_[hook].kind == HOOK_XDP; }
    Result<uint64_t> write(JsonLines &out, PortsContext &context, uint64_t &seq, uint64_t most);
    Result<uint64_t> write_apart(JsonLines &out, PortsContext &context, uint64_t &seq);

    PortMaps maps_;
    Request request_;
    std::string bound_; // path of the list of what is bound; empty: without the socket probes
    HookTable hooks_{};
    std::array<std::string, MAX_HOOKS> runs_;
    std::unordered_map<uint32_t, count_record> before_; // by COUNT_KEY
    std::map<std::pair<uint64_t, uint64_t>, port_usage>
        used_; // by process, and namespace and index
    std::array<hook_counters, MAX_HOOKS> counters_{};
    std::map<Place, Sums> lines_;
    OwnerBook owners_;
    std::unordered_map<uint32_t, bool> was_counted_; // ports of watches by process
    uint64_t loaded_ = 0, lost_ = 0;
    int64_t last_ = 0, due_ = 0; // of CLOCK_BOOTTIME
    bool over_ = false, first_ = true;
};

} // namespace pinpipe::reader
