#include "tools/web/model/ports.h"

#include <rapidjson/document.h>

namespace pinpipe::web {
namespace {

using Value = rapidjson::Value;

constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;

bool read(const Value &object, const char *name, uint64_t &to) {
    const auto member = object.FindMember(name);
    if (member == object.MemberEnd() || !member->value.IsUint64())
        return false;
    to = std::min<uint64_t>(member->value.GetUint64(), Event::largest_number);
    return true;
}

void read(const Value &object, const char *name, std::string &to) {
    constexpr size_t longest = 256;
    const auto member = object.FindMember(name);
    if (member != object.MemberEnd() && member->value.IsString() &&
        member->value.GetStringLength() <= longest)
        to.assign(member->value.GetString(), member->value.GetStringLength());
}

std::vector<PortOwner> owners_of(std::string_view line) {
    std::vector<PortOwner> owners;
    rapidjson::Document event;
    event.Parse<flags>(line.data(), line.size());
    if (event.HasParseError() || !event.IsObject() || !event.HasMember("owners") ||
        !event["owners"].IsArray())
        return owners;
    for (const Value &one : event["owners"].GetArray()) {
        PortOwner owner;
        if (one.IsObject() && one.HasMember("exited")) // it has the port no more
            continue;
        if (!one.IsObject() || owners.size() == Ports::most_owners || !read(one, "pid", owner.pid))
            continue;
        read(one, "comm", owner.comm);
        owner.has_uid = read(one, "uid", owner.uid);
        owner.has_start = read(one, "start_time", owner.start);
        read(one, "attribution", owner.attribution);
        owners.push_back(std::move(owner));
    }
    return owners;
}

} // namespace

void Ports::take(const Event &event, std::string_view line, const Now &now) {
    if (!event.has(local_port) || !event.has(proto))
        return;
    std::string key(event.text(proto));
    key.append(" ").append(std::to_string(event.number(local_port)));
    key.append(" ").append(event.text(ifname));
    Port &known = ports_.touch(key);
    known.port = event.number(local_port);
    known.proto = event.text(proto);
    known.ifname = event.text(ifname);
    known.owners = owners_of(line);
    known.last_event = now.ms;
    if (event.number(total)) // since the load: adds up to nothing
        return;
    known.has_sent = known.has_sent || event.has(bytes_sent);
    add_up(known.packets_received, event.number(packets_received));
    add_up(known.bytes_received, event.number(bytes_received));
    add_up(known.packets_sent, event.number(packets_sent));
    add_up(known.bytes_sent, event.number(bytes_sent));
    known.meter.add({.snapshot = event.number(timestamp_us),
                     .interval = event.number(interval_ms),
                     .sent = event.number(bytes_sent),
                     .received = event.number(bytes_received)},
                    now);
}

} // namespace pinpipe::web
