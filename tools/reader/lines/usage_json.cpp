#include "tools/reader/lines/usage_json.h"

#include "lib/base/address.h"

#include <cstring>

namespace pinpipe {
namespace {

char *put_sums(char *to, const usage_sums &sums) {
    to = put(to, R"(,"bytes_sent":)");
    to = put_number64(to, sums.bytes_sent);
    to = put(to, R"(,"bytes_received":)");
    to = put_number64(to, sums.bytes_received);
    to = put(to, R"(,"calls_sent":)");
    to = put_number64(to, sums.calls_sent);
    to = put(to, R"(,"calls_received":)");
    return put_number64(to, sums.calls_received);
}

char *put_process(char *to, const usage_key &key, const process_record &p,
                  const UsageContext &context) {
    to = put(to, R"(,"pid":)");
    to = put_number(to, key.pid);
    to = put(to, R"(,"ppid":)");
    to = put_number(to, p.ppid);
    to = put(to, R"(,"uid":)");
    to = put_number(to, p.uid);
    to = put(to, R"(,"comm":)");
    to = put(to, json_string({p.comm, strnlen(p.comm, sizeof p.comm)}));
    to = put(to, context.exe_run);
    to = put(to, R"(,"cgroup_id":")");
    to = put_number64(to, p.cgroup);
    to = put(to, R"(","start_time":)");
    to = put_number64(to, (key.start + static_cast<uint64_t>(context.boot)) / 1'000'000);
    return p.flags & PROCESS_BOOTSTRAP ? put(to, R"(,"attribution":"bootstrap")")
                                       : put(to, R"(,"attribution":"exact")");
}

} // namespace

std::string usage_proto(uint8_t proto) {
    switch (proto) {
    case 1: return "icmp";
    case 6: return "tcp";
    case 17: return "udp";
    case 33: return "dccp";
    case 58: return "icmpv6";
    case 132: return "sctp";
    case 136: return "udplite";
    case USAGE_RAW: return "raw";
    case USAGE_PACKET: return "packet";
    case USAGE_MPTCP: return "mptcp";
    default: return std::to_string(proto);
    }
}

void write_usage(JsonLines &out, const UsageEntry &entry, bool by_port,
                 const UsageContext &context) {
    const usage_key &key = entry.key;
    char *to = out.room(line_max + context.exe_run.size());
    to = put(to, R"({"v":1,"event_type":"usage")");
    to = put_time(to, context.line.microseconds);
    to = put(to, R"(,"seq":)");
    to = put_number64(to, context.line.seq);
    to = put(to, context.line.host_run);
    to = put_process(to, key, *entry.process, context);
    to = put(to, R"(,"proto":")");
    to = put(to, usage_proto(key.proto));
    *to++ = '"';
    if (key.known) {
        to = put(to, R"(,"remote_ip":")");
        to = write_address(to, key.remote);
        *to++ = '"';
    }
    if (by_port && key.port) {
        to = put(to, R"(,"remote_port":)");
        to = put_number(to, key.port);
    }
    to = put_sums(to, entry.sums);
    to = put(to, R"(,"interval_ms":)");
    to = put_number64(to, (context.interval + 500) / 1000);
    if (context.total)
        to = put(to, R"(,"total":true)");
    to = put(to, R"(,"byte_layer":"socket"})"
                 "\n");
    out.commit(to);
}

void write_usage_lost(JsonLines &out, const char *reason, const usage_sums &sums,
                      const UsageContext &context) {
    char *to = out.room(line_max);
    to = put(to, R"({"v":1,"event_type":"lost")");
    to = put_time(to, context.line.microseconds);
    to = put(to, context.line.host_run);
    to = put(to, R"(,"stream":"usage","reason":")");
    to = put(to, std::string_view(reason));
    to = put(to, R"(","count":)");
    to = put_number64(to, sums.calls_sent + sums.calls_received);
    to = put_sums(to, sums);
    to = put(to, "}\n");
    out.commit(to);
}

} // namespace pinpipe
