#include "tools/top/usage_line.h"

#include <rapidjson/document.h>

namespace pinpipe::top {
namespace {

using Value = rapidjson::Value;

// Absent: left as it is. Present in another type: the line is bad.
bool read(const Value &object, const char *name, uint64_t &to, bool needed = false) {
    const auto member = object.FindMember(name);
    if (member == object.MemberEnd())
        return !needed;
    if (!member->value.IsUint64())
        return false;
    to = member->value.GetUint64();
    return true;
}

bool read(const Value &object, const char *name, std::string &to, bool needed = false) {
    const auto member = object.FindMember(name);
    if (member == object.MemberEnd())
        return !needed;
    constexpr size_t longest = 256; // none of these is longer
    if (!member->value.IsString() || member->value.GetStringLength() > longest)
        return false;
    to.assign(member->value.GetString(), member->value.GetStringLength());
    return true;
}

bool read_usage(const Value &object, UsageLine &line) {
    const auto total = object.FindMember("total");
    if (total != object.MemberEnd()) {
        if (!total->value.IsBool())
            return false;
        line.total = total->value.GetBool();
    }
    return read(object, "timestamp_us", line.time, true) && read(object, "pid", line.pid, true) &&
           read(object, "start_time", line.start) && read(object, "comm", line.comm, true) &&
           read(object, "proto", line.proto, true) && read(object, "remote_ip", line.remote) &&
           read(object, "bytes_sent", line.sent, true) &&
           read(object, "bytes_received", line.received, true) &&
           read(object, "interval_ms", line.interval, true);
}

} // namespace

UsageLine parse_line(std::string_view text) {
    UsageLine line;
    if (text.find_first_not_of(" \t\r") == text.npos) {
        line.kind = LineKind::other;
        return line;
    }
    if (text.find('\0') != text.npos) // RapidJSON would take it for the end
        return line;
    rapidjson::Document object;
    constexpr unsigned flags = rapidjson::kParseIterativeFlag; // no depth can exhaust the stack
    object.Parse<flags>(text.data(), text.size());
    std::string type;
    if (object.HasParseError() || !object.IsObject() || !read(object, "event_type", type, true))
        return line;
    bool fine = true;
    if (type == "usage")
        fine = read_usage(object, line);
    else if (type == "lost")
        fine = read(object, "count", line.count, true) && read(object, "bytes_sent", line.sent) &&
               read(object, "bytes_received", line.received) &&
               read(object, "timestamp_us", line.time);
    if (!fine)
        return {};
    line.kind = type == "usage"  ? LineKind::usage
                : type == "lost" ? LineKind::lost
                                 : LineKind::other;
    return line;
}

} // namespace pinpipe::top
