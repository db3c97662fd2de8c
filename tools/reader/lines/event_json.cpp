// SPDX-License-Identifier: MIT
#include "tools/reader/lines/event_json.h"

#include "lib/event/icmp_fields.h"
#include "lib/event/put_fields.h"
#include "tools/reader/lines/community_id.h"
#include "tools/reader/lines/icmp_names.h"

#include <array>

namespace pinpipe {
namespace {

struct IcmpType {
    unsigned version;
    unsigned type;
    std::string_view name;
};

// The middle of an icmp line, the same for all messages of a type.
struct TypeRun {
    static constexpr size_t name_at = 48;
    static constexpr size_t name_room = 68;

    char text[name_at + name_room]; // `,"proto":"icmp","icmp_type":8`
    unsigned char length;
    unsigned char name_length; // `,"icmp_name":"echo-request"`, at name_at
    unsigned char echo;
};

using TypeRuns = std::array<std::array<TypeRun, 256>, 2>;

TypeRun make_run(unsigned version, unsigned char type) {
    TypeRun run{};
    const IcmpType event = {version, type, icmp_name(version, type)};
    char *const name = run.text + TypeRun::name_at;
    run.length =
        static_cast<unsigned char>(put_fields(run.text, fields::icmp_type, event) - run.text);
    run.name_length = static_cast<unsigned char>(put_fields(name, fields::icmp_name, event) - name);
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

struct HookEvent {
    std::string_view name; // as JSON
    const hook_record &record;
};

struct IcmpEvent {
    const icmp_record &record;
    const LineContext &line;
    const EventTime &time;
    unsigned version;
    Run<TypeRun::name_at> type_run;
    Run<TypeRun::name_room> name_run;
    bool has_echo;

    unsigned big_endian(unsigned at) const {
        return static_cast<unsigned>(record.rest[at] << 8 | record.rest[at + 1]);
    }
    auto community_id() const {
        const TextBy id = {[&r = record](char *to) { return put_community_id(to, r); }};
        return line.community_id ? std::optional(id) : std::nullopt;
    }
};

} // namespace

std::string hook_run(const hook_record &hook) {
    const std::string json = json_string(hook.name);
    const HookEvent event = {json, hook};
    return prepare(fields::icmp_hook, event, json.size());
}

std::string interface_run(std::string_view name) {
    return prepare_text(fields::interface, name);
}

std::string host_run(std::string_view name) {
    return prepare_text(fields::host_name, name);
}

void write_icmp(JsonLines &out, const icmp_record &r, const LineContext &context) {
    const unsigned version = r.flags & PACKET_IPV6 ? 6 : 4;
    const TypeRun &type = type_runs()[version == 6][r.type];
    const EventTime time(context.microseconds);
    const IcmpEvent event = {.record = r,
                             .line = context,
                             .time = time,
                             .version = version,
                             .type_run = {type.text, type.length},
                             .name_run = {type.text + TypeRun::name_at, type.name_length},
                             .has_echo = type.echo != 0};
    out.commit(put_line(out.room(line_max), icmp_table, event));
}

} // namespace pinpipe
