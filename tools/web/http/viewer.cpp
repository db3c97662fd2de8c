// SPDX-License-Identifier: MIT
#include "tools/web/http/viewer.h"

#include <algorithm>
#include <charconv>

namespace pinpipe::web {
namespace {

std::string note(const char *kind, const std::string &data) {
    return std::string("event: ") + kind + "\ndata: " + data + "\n\n";
}

std::string counted(uint64_t count) {
    return "{\"count\":" + std::to_string(count) + "}";
}

// The line number in an id. Nothing if the id is of another epoch.
std::optional<uint64_t> number_in(std::string_view id, std::string_view epoch) {
    if (!id.starts_with(epoch) || id.size() <= epoch.size() || id[epoch.size()] != '-')
        return {};
    id.remove_prefix(epoch.size() + 1);
    uint64_t number = 0;
    const auto [end, bad] = std::from_chars(id.data(), id.data() + id.size(), number);
    return bad == std::errc() && end == id.data() + id.size() ? std::optional(number)
                                                              : std::nullopt;
}

} // namespace

Viewer::Viewer(std::shared_ptr<Room> room, const Wish &wish, Clock::time_point now)
    : room_(std::move(room)), rate_(wish.rate), filled_(now), sent_(now), told_sampled_(now) {
    room_->viewers++;
    notes_ = "retry: 2000\n\n";
    join(wish);
}

Viewer::~Viewer() {
    room_->viewers--;
}

void Viewer::join(const Wish &wish) {
    const EventLog &log = room_->log;
    const uint64_t lately = log.next() - std::min(log.next() - log.first(), joining_lines);
    at_.line = lately;
    if (wish.last_event_id.empty())
        return;
    const auto last = number_in(wish.last_event_id, log.epoch());
    if (last && *last + 1 >= log.first() && *last < log.next())
        at_.line = *last + 1;
    else if (last && *last < log.next())
        notes_ += note("lost", counted(lately - *last - 1));
    else // the id is of another run: the number of lost lines is unknown
        notes_ += note("lost", R"({"count":0,"restarted":true})");
}

// Handles lines that the log dropped before they were sent: they are lost. Continues close to the
// end of the log, so that the next lines are not dropped as well before they can be sent.
void Viewer::catch_up() {
    const EventLog &log = room_->log;
    if (at_.line >= log.first())
        return;
    broken_ = at_.inside > 0;
    if (broken_)
        return;
    const uint64_t lately = log.next() - std::min(log.next() - log.first(), joining_lines);
    const uint64_t missed = lately - at_.line;
    if (rate_) {
        sampled_ += missed;
    } else {
        room_->viewers_lost += missed;
        notes_ += note("lost", counted(missed));
    }
    at_ = {lately, 0};
}

double Viewer::tokens(Clock::time_point now) const {
    const std::chrono::duration<double> passed = now - filled_;
    const double most = std::max(static_cast<double>(rate_), tokens_);
    return std::min(most, tokens_ + passed.count() * static_cast<double>(rate_));
}

// With a rate: skips and counts all lines but the latest that may be sent now.
void Viewer::thin_out(Clock::time_point now) {
    tokens_ = tokens(now);
    filled_ = now;
    if (at_.inside || tokens_ < 1)
        return;
    const uint64_t there = room_->log.next() - at_.line;
    const auto allowed = static_cast<uint64_t>(tokens_);
    if (there <= allowed)
        return;
    sampled_ += there - allowed;
    at_.line += there - allowed;
}

bool Viewer::sampled_due(Clock::time_point now) const {
    return sampled_ && now - told_sampled_ >= std::chrono::seconds(1);
}

void Viewer::add_notes(Clock::time_point now) {
    if (at_.inside)
        return;
    if (sampled_due(now)) {
        notes_ += note("sampled", counted(sampled_));
        sampled_ = 0;
        told_sampled_ = now;
    }
    if (!room_->ended)
        told_end_ = false;
    else if (!told_end_ && at_.line == room_->log.next()) {
        notes_ += note("end", "{}");
        told_end_ = true;
    }
    if (notes_.empty() && now - sent_ >= heartbeat)
        notes_ = ": heartbeat\n\n";
}

size_t Viewer::copy_lines(char *to, size_t room) {
    const uint64_t before = at_.line;
    const size_t size = room_->log.copy(at_, to, room);
    if (rate_)
        tokens_ -= static_cast<double>(at_.line - before);
    return size;
}

size_t Viewer::fill(char *to, size_t room, Clock::time_point now) {
    catch_up();
    if (broken_)
        return 0;
    if (rate_)
        thin_out(now);
    add_notes(now);
    size_t size = 0;
    if (!at_.inside) {
        size = notes_.copy(to, room);
        notes_.erase(0, size);
    }
    if (notes_.empty() && size < room && (!rate_ || tokens_ >= 1 || at_.inside))
        size += copy_lines(to + size, room - size);
    if (size)
        sent_ = now;
    return size;
}

bool Viewer::has_news(Clock::time_point now) const {
    const bool behind = at_.line < room_->log.next() && (!rate_ || tokens(now) >= 1);
    const bool ended = room_->ended && !told_end_ && at_.line == room_->log.next();
    return behind || ended || !notes_.empty() || at_.inside || sampled_due(now) ||
           now - sent_ >= heartbeat;
}

} // namespace pinpipe::web
