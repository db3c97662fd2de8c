// SPDX-License-Identifier: MIT
#include "tools/reader/event_lines.h"

#include "lib/event/stream_names.h"

#include <bpf/bpf.h>
#include <cstring>
#include <unistd.h>

namespace pinpipe::reader {
namespace {

std::string this_host() {
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    return name;
}

} // namespace

EventLines::EventLines(const Request &request, int64_t clock)
    : clock_(clock),
      host_run_(request.host_name ? host_run(this_host()) : ""),
      most_(request.count),
      hex_(request.hex),
      community_id_(request.community_id),
      since_load_(request.since_load) {}

Result<EventLines> EventLines::open(const Pins &pins, const Request &request, int64_t clock) {
    EventLines lines(request, clock);
    auto executables = Executables::open(pins);
    if (!executables)
        return fail(executables.error());
    lines.executables_ = std::move(*executables);
    if (!(request.streams & 1U << STREAM_DENY))
        return lines;
    auto texts = pins.open(texts_map, Access::read);
    if (!texts)
        return fail(texts.error());
    lines.texts_ = std::move(*texts);
    return lines;
}

void EventLines::name_hooks(const HookTable &hooks) {
    for (unsigned number = 0; number < MAX_HOOKS; number++)
        if (hooks[number].kind == HOOK_XDP)
            hook_runs_[number] = hook_run(hooks[number]);
}

LineContext EventLines::next(uint64_t boot_time) {
    return {.microseconds = clock_.microseconds(boot_time),
            .seq = ++seq_,
            .host_run = host_run_,
            .hook_run = {},
            .community_id = community_id_};
}

SocketContext EventLines::context_of(const socket_record &socket, const LineContext &line) {
    return {.line = line,
            .boot = clock_.first(),
            .exe_run = executables_.run(socket.process.exe, line.microseconds),
            .hex = hex_};
}

std::string EventLines::rule_of(uint32_t number) const {
    text_record record{};
    if (bpf_map_lookup_elem(texts_.get(), &number, &record) != 0)
        return "";
    return std::string(record.text, strnlen(record.text, sizeof record.text));
}

void EventLines::write(const Record &record, const record_header &header) {
    events_++;
    LineContext line = next(header.time);
    if (const auto *icmp = record.as<icmp_record>(); icmp && header.stream == STREAM_ICMP) {
        if (icmp->hook < MAX_HOOKS)
            line.hook_run = hook_runs_[icmp->hook];
        write_icmp(lines_, *icmp, line);
        return;
    }
    const auto *socket = record.begins_with<socket_record>();
    if (!socket)
        return;
    const SocketContext context = context_of(*socket, line);
    if (const auto *conn = record.as<conn_record>(); conn && header.stream == STREAM_CONN)
        write_conn(lines_, *conn, context);
    else if (const auto *bound = record.as<bind_record>(); bound && header.stream == STREAM_BIND)
        write_bind(lines_, *bound, context);
    else if (const auto *deny = record.as<deny_record>(); deny && header.stream == STREAM_DENY)
        write_deny(lines_, *deny, rule_of(deny->number), context);
    else if (const auto *message = record.begins_with<message_record>())
        write_message(lines_, *message,
                      {record.bytes + sizeof *message, record.size - sizeof *message}, context);
}

void EventLines::write(const bind_record &record) {
    events_++;
    write_bind(lines_, record, context_of(record.socket, next(record.socket.time)));
}

void EventLines::write_lost(unsigned stream, uint64_t count, uint64_t boot_time) {
    if (!count)
        return;
    seq_ += count;
    lost_ += count;
    pinpipe::write_lost(lines_, stream_names[stream], count,
                        {.microseconds = clock_.microseconds(boot_time), .host_run = host_run_});
}

// look: takes a look at the stream, and writes at most so many lines (0: no bound).
template <class Stream, class Look>
Result<void> EventLines::count(const Stream &stream, Look look) {
    const uint64_t before = since_load_ ? 0 : stream.lost();
    refresh_clock();
    const auto written = look(most_ ? most_ - events_ : 0);
    if (!written)
        return fail(written.error());
    events_ += *written;
    lost_ += stream.lost() - before;
    return {};
}

Result<void> EventLines::look(UsageStream &stream) {
    return count(stream, [&](uint64_t most) {
        return stream.look(lines_, clock_, executables_, host_run_, seq_, most);
    });
}

Result<void> EventLines::look(PortsStream &stream) {
    return count(stream,
                 [&](uint64_t most) { return stream.look(lines_, clock_, host_run_, seq_, most); });
}

Result<void> EventLines::flush() {
    if (lines_.size() == 0)
        return {};
    const auto written = write_output({lines_.data(), lines_.size()});
    lines_.clear();
    if (!written)
        return fail(written.error());
    closed_ = closed_ || *written == Written::closed;
    return {};
}

} // namespace pinpipe::reader
