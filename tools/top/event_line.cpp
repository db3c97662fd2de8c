// SPDX-License-Identifier: MIT
#include "tools/top/event_line.h"

#include "lib/event/event_fields.h"

namespace pinpipe::top {
namespace {

constexpr size_t longest = 256; // bytes of a text field; ebpf-read writes none longer

// The owners of a port as text, as many as fit.
class Owners {
public:
    using Fields = OwnerFields<"pid", "comm", "exited">;

    void take(const Fields &owner);
    bool wrong() const { return wrong_; }
    std::string text() const { return unnamed_ ? text_ + " +" + std::to_string(unnamed_) : text_; }

private:
    std::string text_;
    size_t unnamed_ = 0;
    bool wrong_ = false;
};

void Owners::take(const Fields &owner) {
    if (!owner.has<"pid", "comm">() || owner.wrong<"pid", "comm", "exited">() ||
        owner.text<"comm">().size() > longest) {
        wrong_ = true;
        return;
    }
    std::string name;
    for (const char c : owner.text<"comm">()) // commas separate owners
        name += c == ',' ? "\xef\xbf\xbd" : std::string(1, c);
    name += "(" + std::to_string(owner.number<"pid">());
    name += owner.flag<"exited">() ? " exited)" : ")";
    if (unnamed_ || text_.size() + name.size() > owners_length)
        unnamed_++;
    else
        text_ += (text_.empty() ? "" : ", ") + name;
}

using Event = EventFieldsAndOwners<Owners, "event_type", "timestamp_us", "stream", "count", "pid",
                                   "comm", "start_time", "local_port", "proto", "ifname",
                                   "remote_ip", "packets_received", "bytes_received",
                                   "packets_sent", "bytes_sent", "owners", "fragments_received",
                                   "malformed_received", "interval_ms", "total">;

bool read_usage(const Event &event, EventLine &line) {
    line.kind = LineKind::usage;
    line.key = {event.number<"pid">(), event.number<"start_time">(),
                std::string(event.text<"proto">()), std::string(event.text<"remote_ip">())};
    line.name = event.text<"comm">();
    line.amounts[bytes_sent] = event.number_if<"bytes_sent">();
    line.amounts[bytes_received] = event.number_if<"bytes_received">();
    line.interval = event.number<"interval_ms">();
    return event.has<"timestamp_us", "pid", "comm", "proto", "bytes_sent", "bytes_received",
                     "interval_ms">() &&
           !event.wrong<"start_time", "comm", "proto", "remote_ip", "total">();
}

bool read_port(const Event &event, EventLine &line) {
    const bool port = event.mentions<"local_port">();
    line.kind = port ? LineKind::port : LineKind::interface;
    line.key = {event.number<"local_port">(), 0, std::string(event.text<"proto">()),
                std::string(event.text<"ifname">())};
    line.name = event.items().text();
    line.amounts = {
        event.number_if<"bytes_sent">(),         event.number_if<"bytes_received">(),
        event.number_if<"packets_sent">(),       event.number_if<"packets_received">(),
        event.number_if<"fragments_received">(), event.number_if<"malformed_received">()};
    line.interval = event.number<"interval_ms">();
    const bool whole =
        !port || event.has<"proto", "bytes_received", "packets_received", "interval_ms">();
    return whole && event.has<"timestamp_us", "ifname">() && !event.items().wrong() &&
           !event.wrong_but<"stream", "count", "pid", "comm", "start_time", "remote_ip">();
}

bool read_lost(const Event &event, EventLine &line) {
    line.kind = LineKind::lost;
    line.count = event.number<"count">();
    line.amounts[bytes_sent] = event.number_if<"bytes_sent">();
    line.amounts[bytes_received] = event.number_if<"bytes_received">();
    return event.has<"count">() &&
           !event.wrong<"timestamp_us", "total", "bytes_sent", "bytes_received">();
}

bool is_short(const Key &key) {
    return key.proto.size() <= longest && key.place.size() <= longest;
}

bool read_event(const Event &event, EventLine &line) {
    const std::string_view type = event.text<"event_type">();
    line.kind = LineKind::other;
    if (type != "usage" && type != "ports" && type != "lost")
        return event.has<"event_type">() && type.size() <= longest;
    line.time = event.number<"timestamp_us">();
    line.total = event.flag<"total">();
    if (type == "lost")
        return read_lost(event, line);
    if (type == "ports")
        return read_port(event, line) && is_short(line.key);
    return read_usage(event, line) && is_short(line.key) && line.name.size() <= longest;
}

} // namespace

EventLine parse_line(std::string_view text) {
    EventLine line;
    if (text.find_first_not_of(" \t\r") == text.npos) {
        line.kind = LineKind::other;
        return line;
    }
    EventParser<Event> parser;
    const Event *const event = parser.parse(text);
    return event && read_event(*event, line) ? line : EventLine{};
}

} // namespace pinpipe::top
