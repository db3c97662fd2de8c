#include "tools/top/event_line.h"

#include <rapidjson/document.h>

namespace pinpipe::top {
namespace {

using Value = rapidjson::Value;

// Absent: left as it is. Present in another type: the line is bad.
bool take(const Value &value, uint64_t &to) {
    if (value.IsUint64())
        to = value.GetUint64();
    return value.IsUint64();
}

bool take(const Value &value, std::optional<uint64_t> &to) {
    return take(value, to.emplace());
}

bool take(const Value &value, bool &to) {
    if (value.IsBool())
        to = value.GetBool();
    return value.IsBool();
}

bool take(const Value &value, std::string &to) {
    constexpr size_t longest = 256; // none of these is longer
    if (!value.IsString() || value.GetStringLength() > longest)
        return false;
    to.assign(value.GetString(), value.GetStringLength());
    return true;
}

template <class T> bool read(const Value &object, const char *name, T &to, bool needed = false) {
    const auto member = object.FindMember(name);
    return member == object.MemberEnd() ? !needed : take(member->value, to);
}

// A comma is what stands between owners: no name may have one.
bool read_owner(const Value &owner, std::string &text) {
    uint64_t pid = 0;
    bool exited = false;
    std::string comm;
    if (!owner.IsObject() || !read(owner, "pid", pid, true) || !read(owner, "comm", comm, true) ||
        !read(owner, "exited", exited))
        return false;
    for (const char c : comm)
        text += c == ',' ? "\xef\xbf\xbd" : std::string(1, c);
    text += "(" + std::to_string(pid) + (exited ? " exited)" : ")");
    return true;
}

bool take_owners(const Value &owners, std::string &to) {
    size_t unnamed = 0;
    for (const Value &owner : owners.GetArray()) {
        std::string text;
        if (!read_owner(owner, text))
            return false;
        if (unnamed || to.size() + text.size() > owners_length)
            unnamed++;
        else
            to += (to.empty() ? "" : ", ") + text;
    }
    if (unnamed)
        to += " +" + std::to_string(unnamed);
    return true;
}

bool read_usage(const Value &object, EventLine &line) {
    line.kind = LineKind::usage;
    return read(object, "pid", line.key.number, true) &&
           read(object, "start_time", line.key.start) && read(object, "comm", line.name, true) &&
           read(object, "proto", line.key.proto, true) &&
           read(object, "remote_ip", line.key.place) &&
           read(object, "bytes_sent", line.amounts[bytes_sent], true) &&
           read(object, "bytes_received", line.amounts[bytes_received], true) &&
           read(object, "interval_ms", line.interval, true);
}

bool read_port(const Value &object, EventLine &line) {
    const bool port = object.HasMember("local_port");
    const auto owners = object.FindMember("owners");
    line.kind = port ? LineKind::port : LineKind::interface;
    if (owners != object.MemberEnd() &&
        (!owners->value.IsArray() || !take_owners(owners->value, line.name)))
        return false;
    return read(object, "local_port", line.key.number) &&
           read(object, "proto", line.key.proto, port) &&
           read(object, "ifname", line.key.place, true) &&
           read(object, "bytes_sent", line.amounts[bytes_sent]) &&
           read(object, "bytes_received", line.amounts[bytes_received], port) &&
           read(object, "packets_sent", line.amounts[packets_sent]) &&
           read(object, "packets_received", line.amounts[packets_received], port) &&
           read(object, "fragments_received", line.amounts[fragments]) &&
           read(object, "malformed_received", line.amounts[malformed]) &&
           read(object, "interval_ms", line.interval, port);
}

bool read_lost(const Value &object, EventLine &line) {
    line.kind = LineKind::lost;
    return read(object, "count", line.count, true) &&
           read(object, "bytes_sent", line.amounts[bytes_sent]) &&
           read(object, "bytes_received", line.amounts[bytes_received]);
}

bool read_event(const Value &object, EventLine &line) {
    std::string type;
    if (!object.IsObject() || !read(object, "event_type", type, true))
        return false;
    const bool snapshot = type == "usage" || type == "ports";
    line.kind = LineKind::other;
    if (!snapshot && type != "lost")
        return true;
    return read(object, "timestamp_us", line.time, snapshot) && read(object, "total", line.total) &&
           (type == "usage"   ? read_usage(object, line)
            : type == "ports" ? read_port(object, line)
                              : read_lost(object, line));
}

} // namespace

EventLine parse_line(std::string_view text) {
    EventLine line;
    if (text.find_first_not_of(" \t\r") == text.npos) {
        line.kind = LineKind::other;
        return line;
    }
    if (text.find('\0') != text.npos) // RapidJSON would take it for the end
        return line;
    rapidjson::Document object;
    constexpr unsigned flags = rapidjson::kParseIterativeFlag; // no depth can exhaust the stack
    object.Parse<flags>(text.data(), text.size());
    return !object.HasParseError() && read_event(object, line) ? line : EventLine{};
}

} // namespace pinpipe::top
