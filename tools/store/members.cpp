// SPDX-License-Identifier: MIT
#include "tools/store/members.h"

#include "lib/event/json_line.h"
#include "lib/event/put_fields.h"

namespace pinpipe::store {
namespace {

// What the getters of the tables ask for.
struct SumsEvent {
    usage_sums sums;
};
struct TimeEvent {
    EventTime time;
};
struct WithoutHost {
    std::string_view host_run = {};
};
struct LostEvent {
    EventTime time;
    WithoutHost line;
    Quoted stream;
    std::optional<std::string_view> reason; // of losses in maps
    std::string_view interface_run;
    uint64_t count;
    std::optional<std::string_view> lost_by;
    usage_sums sums;
    std::optional<uint64_t> bytes;
};

} // namespace

std::string sums_members(const Sums &sums) {
    return prepare(fields::sums,
                   SumsEvent{{sums.sent, sums.received, sums.calls_sent, sums.calls_received}}, 0);
}

std::string usage_beginning(uint64_t time) {
    std::string members = prepare(fields::beginning<R"("usage")">, TimeEvent{EventTime(time)}, 0);
    members[0] = '{'; // for its comma
    return members;
}

std::string lost_line(uint64_t time, std::string_view stream, uint64_t count) {
    const std::string name = json_string(stream);
    const LostEvent event{EventTime(time), {}, Quoted{name}, {}, {}, count, "ebpf-store", {}, {}};
    constexpr size_t around = 512; // of names and numbers, and what put_line() asks for
    std::string line(name.size() + around, '\0');
    line.resize(static_cast<size_t>(put_line(line.data(), lost_table, event) - line.data()));
    line.pop_back(); // the newline
    return line;
}

} // namespace pinpipe::store
