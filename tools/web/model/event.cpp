#include "tools/web/model/event.h"

namespace pinpipe::web {
namespace {

constexpr std::array<std::string_view, FIELDS> names = {"event_type",
                                                        "timestamp",
                                                        "timestamp_us",
                                                        "stream",
                                                        "count",
                                                        "action",
                                                        "rule",
                                                        "reason",
                                                        "direction",
                                                        "pid",
                                                        "uid",
                                                        "comm",
                                                        "exe",
                                                        "cgroup_id",
                                                        "start_time",
                                                        "proto",
                                                        "local_ip",
                                                        "local_port",
                                                        "remote_ip",
                                                        "remote_port",
                                                        "port",
                                                        "ifname",
                                                        "packets_received",
                                                        "bytes_sent",
                                                        "bytes_received",
                                                        "packets_sent",
                                                        "interval_ms",
                                                        "total"};

constexpr uint64_t bit(Field field) {
    return 1ULL << field;
}
constexpr uint64_t texts = bit(event_type) | bit(stream) | bit(action) | bit(rule) | bit(reason) |
                           bit(direction) | bit(comm) | bit(exe) | bit(cgroup_id) | bit(proto) |
                           bit(local_ip) | bit(remote_ip) | bit(ifname);

} // namespace

Event::Event() : FlatObject(names, texts, bit(total)) {}

bool Event::has_process() const {
    return has(pid) && has(comm) && has(start_time) && !wrong(bit(comm) | bit(exe));
}

const Event *EventParser::parse(std::string_view line) {
    event_ = Event();
    scratch_.put(line);
    return scratch_.parse(event_) ? &event_ : nullptr;
}

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r") == line.npos;
}

} // namespace pinpipe::web
