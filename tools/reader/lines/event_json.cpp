#include "tools/reader/lines/event_json.h"

#include "lib/base/address.h"
#include "tools/reader/lines/community_id.h"
#include "tools/reader/lines/icmp_names.h"

#include <array>
#include <cstring>

namespace pinpipe {
namespace {

// The middle of an icmp line, the same for all messages of a type.
struct TypeRun {
    char text[116];
    unsigned char before_code; // `,"proto":"icmp","icmp_type":8,"icmp_code":`
    unsigned char name_length; // `,"icmp_name":"echo-request"`, at name_at
    unsigned char echo;
    static constexpr size_t name_at = 48;
};

using TypeRuns = std::array<std::array<TypeRun, 256>, 2>;

TypeRun make_run(unsigned version, unsigned char type) {
    TypeRun run{};
    char *end = run.text;
    end = version == 4 ? put(end, R"(,"proto":"icmp","icmp_type":)")
                       : put(end, R"(,"proto":"icmpv6","icmp_type":)");
    end = put_number(end, type);
    end = put(end, R"(,"icmp_code":)");
    run.before_code = static_cast<unsigned char>(end - run.text);

    const std::string_view name = icmp_name(version, type);
    char *const start = run.text + TypeRun::name_at;
    end = start;
    if (!name.empty()) {
        end = put(end, R"(,"icmp_name":")");
        end = put(end, name);
        end = put(end, "\"");
    }
    run.name_length = static_cast<unsigned char>(end - start);
    run.echo = icmp_has_echo_fields(version, type);
    return run;
}

const TypeRuns &type_runs() {
    static const TypeRuns runs = [] {
        TypeRuns made;
        for (unsigned type = 0; type < 256; type++) {
            made[0][type] = make_run(4, static_cast<unsigned char>(type));
            made[1][type] = make_run(6, static_cast<unsigned char>(type));
        }
        return made;
    }();
    return runs;
}

// A run of known maximum length, copied whole and then cut: no call, no loop.
template <size_t Room> char *put_run(char *to, const char *text, size_t length) {
    std::memcpy(to, text, Room);
    return to + length;
}

// v, event_type and both time stamps. The milliseconds are the microseconds' first digits.
template <size_t N> char *put_start(char *to, const char (&start)[N], uint64_t microseconds) {
    char digits[24];
    const size_t length = static_cast<size_t>(put_number64(digits, microseconds) - digits);
    const size_t milliseconds = length > 3 ? length - 3 : 0;
    to = put(to, start);
    if (milliseconds)
        to = put_run<20>(to, digits, milliseconds);
    else
        *to++ = '0';
    to = put(to, R"(,"timestamp_us":)");
    return put_run<20>(to, digits, length);
}

char *put_address(char *to, const union address &a, unsigned version) {
    return version == 4 ? write_ipv4(to, a.bytes + 12) : write_ipv6(to, a.bytes);
}

unsigned big_endian(const __u8 bytes[2]) {
    return static_cast<unsigned>(bytes[0] << 8 | bytes[1]);
}

char *put_vlans(char *to, const icmp_record &r) {
    constexpr unsigned identifier = 0xfff; // of a tag's control word; the rest is priority
    to = put(to, R"(,"vlan":)");
    to = put_number(to, r.vlan[0] & identifier);
    if ((r.flags & PACKET_VLANS) > 1) {
        to = put(to, R"(,"vlan_inner":)");
        to = put_number(to, r.vlan[1] & identifier);
    }
    return to;
}

} // namespace

std::string hook_run(std::string_view name) {
    return R"(,"ifname":)" + json_string(name);
}

std::string host_run(std::string_view name) {
    return R"(,"host":)" + json_string(name);
}

char *put_time(char *to, uint64_t microseconds) {
    to = put(to, R"(,"timestamp":)");
    to = put_number64(to, microseconds / 1000);
    to = put(to, R"(,"timestamp_us":)");
    return put_number64(to, microseconds);
}

void write_icmp(JsonLines &out, const icmp_record &r, const LineContext &context) {
    const unsigned version = r.flags & PACKET_IPV6 ? 6 : 4;
    const TypeRun &type = type_runs()[version == 6][r.type];
    char *to = out.room(line_max);

    to = put_start(to, R"({"v":1,"event_type":"icmp","timestamp":)", context.microseconds);
    to = put(to, R"(,"seq":)");
    to = put_number64(to, context.seq);
    to = put(to, context.host_run);
    to = put(to, R"(,"src_ip":")");
    to = put_address(to, r.src, version);
    to = put(to, R"(","dst_ip":")");
    to = put_address(to, r.dst, version);
    *to++ = '"';
    to = put_run<TypeRun::name_at>(to, type.text, type.before_code);
    to = put_number(to, r.code);
    to = put_run<sizeof type.text - TypeRun::name_at>(to, type.text + TypeRun::name_at,
                                                      type.name_length);
    if (type.echo) {
        to = put(to, R"(,"icmp_id":)");
        to = put_number(to, big_endian(r.rest));
        to = put(to, R"(,"icmp_seq":)");
        to = put_number(to, big_endian(r.rest + 2));
    }
    to = put(to, R"(,"ttl":)");
    to = put_number(to, r.ttl);
    to = put(to, R"(,"length":)");
    to = put_number(to, r.length);
    to = version == 4 ? put(to, R"(,"ip_version":4)") : put(to, R"(,"ip_version":6)");
    if (r.flags & PACKET_FIRST_FRAGMENT)
        to = put(to, R"(,"fragment":true)");
    if (r.flags & PACKET_VLANS)
        to = put_vlans(to, r);
    to = put(to, context.hook_run);
    if (context.community_id)
        to = put_community_id(to, r);
    to = put(to, "}\n");
    out.commit(to);
}

void write_lost(JsonLines &out, std::string_view stream, uint64_t count,
                const LineContext &context) {
    char *to = out.room(line_max);
    to = put_start(to, R"({"v":1,"event_type":"lost","timestamp":)", context.microseconds);
    to = put(to, context.host_run);
    to = put(to, R"(,"stream":")");
    to = put(to, stream);
    to = put(to, R"(","count":)");
    to = put_number64(to, count);
    to = put(to, "}\n");
    out.commit(to);
}

} // namespace pinpipe
