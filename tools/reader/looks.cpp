// SPDX-License-Identifier: MIT
#include "tools/reader/looks.h"

#include <algorithm>
#include <cerrno>

namespace pinpipe::reader {
namespace {

template <class Stream> Result<void> look_at(Stream &stream, EventLines &lines) {
    if (auto looked = lines.look(stream); !looked)
        return looked;
    return lines.flush();
}

template <class Stream> Result<void> take_last(std::optional<Stream> &stream, EventLines &lines) {
    return stream && !stream->over() && !lines.over() ? look_at(*stream, lines) : Result<void>();
}

template <class Stream> int64_t due_of(const std::optional<Stream> &stream) {
    return stream && !stream->over() ? stream->due() : INT64_MAX;
}

} // namespace

Result<Looks> Looks::open(const Pins &pins, const Request &request, uint64_t loaded) {
    Looks looks;
    if (request.streams >> STREAM_PORTS & 1) {
        auto stream = PortsStream::open(pins, request, loaded);
        if (!stream)
            return fail(stream.error());
        looks.ports_ = std::move(*stream);
    }
    if (request.streams >> STREAM_USAGE & 1) {
        auto stream = UsageStream::open(pins, request, loaded);
        if (!stream)
            return fail(stream.error());
        looks.usage_ = std::move(*stream);
    }
    return looks;
}

void Looks::set_filter(const socket_filter &filter) {
    if (bound_)
        bound_->set_filter(filter);
}

void Looks::name_hooks(const HookTable &hooks) {
    if (ports_)
        ports_->name_hooks(hooks);
}

bool Looks::note(const bind_record &record) {
    if (ports_)
        ports_->note(record);
    return !bound_ || bound_->note(record);
}

int64_t Looks::due() const {
    return std::min({due_of(usage_), due_of(ports_), bound_ ? bound_->due() : INT64_MAX});
}

bool Looks::over() const {
    return (usage_ || ports_) && (!usage_ || usage_->over()) && (!ports_ || ports_->over());
}

// Of several that are due, none is left out for the count of events alone.
Result<void> Looks::take_due(EventLines &lines) {
    if (usage_ && boot_now() >= usage_->due())
        if (auto looked = look_at(*usage_, lines); !looked)
            return looked;
    if (ports_ && !lines.over() && boot_now() >= ports_->due())
        if (auto looked = look_at(*ports_, lines); !looked)
            return looked;
    if (bound_ && boot_now() >= bound_->due())
        return look_at_bound(lines);
    return {};
}

Result<void> Looks::take_last_usage(EventLines &lines) {
    return take_last(usage_, lines);
}

Result<void> Looks::take_last_ports(EventLines &lines) {
    return take_last(ports_, lines);
}

// What has been bound since the last look. A list that is gone: the probes are being taken away.
Result<void> Looks::look_at_bound(EventLines &lines) {
    const auto fresh = bound_->look();
    if (!fresh && fresh.error().code != ENOENT)
        return fail(fresh.error());
    if (!fresh)
        return {};
    lines.refresh_clock();
    for (const bind_record &record : *fresh) {
        if (lines.over())
            break;
        lines.write(record);
    }
    return lines.flush();
}

Result<bool> Looks::watches_nothing() const {
    if (!ports_)
        return false;
    const auto any = ports_->watches_any();
    return any ? Result<bool>(!*any) : fail(any.error());
}

} // namespace pinpipe::reader
