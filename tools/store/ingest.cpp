// SPDX-License-Identifier: MIT
#include "tools/store/ingest.h"

#include "lib/base/signals.h"
#include "tools/store/feed.h"
#include "tools/store/speaker.h"
#include "tools/store/time_text.h"
#include "tools/store/writer.h"

#include <algorithm>
#include <csignal>
#include <unistd.h>
#include <vector>

namespace pinpipe::store {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto longest_batch = 400ms;      // with the time that one block takes: below 500 ms
constexpr uint64_t largest_batch = 5000;   // lines
constexpr size_t heaviest_batch = 8 << 20; // bytes
constexpr auto retry_every = 1s;
constexpr auto last_patience = 5s; // waiting for space, once the input has ended
constexpr auto age_every = 60s;
constexpr auto longest_hold = 1h; // how long an export can keep old rows from being deleted

uint64_t sum(const std::map<std::string, uint64_t> &counts) {
    uint64_t all = 0;
    for (const auto &[name, count] : counts)
        all += count;
    return all;
}

class Ingest {
public:
    Ingest(Writer writer, const Request &request)
        : writer_(std::move(writer)),
          request_(request),
          speaker_(request.verbose),
          feed_(STDIN_FILENO) {}

    Result<void> run();

private:
    std::chrono::milliseconds patience() const;
    Result<void> take(Block block);
    Result<void> put(const Block &block);
    Result<void> commit();
    Result<void> try_commit();
    void acknowledge();
    Result<void> outlast(Error error);
    Result<bool> again();
    bool is_held();
    Result<void> grow_old();
    Result<void> grow_old_at_once();
    Result<void> forget_unused();
    uint64_t lost() const { return lost_ + sum(losses_); }

    Writer writer_;
    const Request &request_;
    Speaker speaker_;
    LineParser parser_;
    std::vector<Block> batch_; // not committed yet: stored again after a rollback
    uint64_t batch_lines_ = 0;
    size_t batch_bytes_ = 0;
    uint64_t in_hand_ = 0; // lines of a block that is in no batch yet
    Clock::time_point begun_;
    Clock::time_point aged_ = Clock::now() - age_every;
    std::optional<Clock::time_point> held_;  // since when readers hold the database; none: not held
    int64_t unused_from_ = 0;                // names of lines before then have been deleted
    std::map<std::string, uint64_t> losses_; // not committed yet
    uint64_t lost_ = 0;
    Feed feed_; // the last member: its thread ends before the others are destroyed
};

Result<void> Ingest::put(const Block &block) {
    uint64_t number = block.first_line;
    const int64_t now = now_microseconds();
    Result<void> added;
    each_line(block.text, [&](std::string_view text) {
        if (!added)
            return;
        const Line &line = parser_.parse(text);
        if (line.kind == LineKind::bad)
            speaker_.bad_line(number);
        added = writer_.add(line, text, now);
        number++;
    });
    return added;
}

Result<void> Ingest::try_commit() {
    for (const auto &[stream, count] : feed_.given_up())
        losses_[stream] += count;
    if (auto told = writer_.add_lost(losses_, now_microseconds()); !told)
        return told;
    return writer_.commit();
}

Result<void> Ingest::commit() {
    if (auto committed = try_commit(); !committed)
        return outlast(committed.error());
    acknowledge();
    return {};
}

void Ingest::acknowledge() {
    batch_.clear();
    batch_lines_ = batch_bytes_ = 0;
    lost_ += sum(losses_);
    losses_.clear();
    speaker_.committed(writer_.tally(), lost_);
}

// Stores the whole batch again, from its lines. False: the disk does not take it yet.
Result<bool> Ingest::again() {
    auto done = [&]() -> Result<void> {
        for (const Block &block : batch_)
            if (auto stored = put(block); !stored)
                return stored;
        return try_commit();
    }();
    if (done)
        return true;
    if (auto back = writer_.rollback(); !back)
        return fail(back.error());
    if (!may_pass(done.error()))
        return fail(done.error());
    return false;
}

// The disk takes nothing: goes on reading, and tries again every second.
Result<void> Ingest::outlast(Error error) {
    if (auto back = writer_.rollback(); !back)
        return back;
    if (!may_pass(error))
        return fail(std::move(error));
    speaker_.trouble(error);
    std::optional<Clock::time_point> last;
    for (;;) {
        feed_.pause(retry_every);
        const auto passed = again();
        if (!passed)
            return fail(passed.error());
        if (*passed)
            break;
        if (!last && feed_.closed())
            last = Clock::now() + last_patience;
        if (last && Clock::now() > *last) {
            const uint64_t left = in_hand_ + batch_lines_ + feed_.waiting_lines() + lost();
            error.text += ": " + std::to_string(left) + " lines are lost";
            return fail(std::move(error));
        }
    }
    speaker_.over(writer_.database().path(), sum(losses_));
    acknowledge();
    return {};
}

Result<void> Ingest::take(Block block) {
    in_hand_ = block.lines;
    if (batch_lines_ + block.lines > largest_batch)
        if (auto committed = commit(); !committed)
            return committed;
    in_hand_ = 0;
    if (batch_.empty())
        begun_ = Clock::now();
    batch_lines_ += block.lines;
    batch_bytes_ += block.text.size();
    batch_.push_back(std::move(block));
    if (auto stored = put(batch_.back()); !stored)
        return outlast(stored.error());
    return {};
}

bool Ingest::is_held() {
    if (!writer_.database().is_held()) {
        held_.reset();
        return false;
    }
    held_ = held_.value_or(Clock::now());
    return Clock::now() - *held_ < longest_hold;
}

// Deletes old rows. The age counts from the newest line if the clock is ahead of it, so that a
// clock that jumps forward deletes nothing.
Result<void> Ingest::grow_old() {
    if (Clock::now() - aged_ < age_every || !batch_.empty())
        return {};
    if (is_held()) {
        aged_ = Clock::now();
        return {};
    }
    const int64_t now = std::min(now_microseconds(), writer_.newest());
    const auto more = age(writer_.database(), request_.keep, now);
    if (!more)
        return may_pass(more.error()) ? Result<void>() : fail(more.error());
    writer_.forget();
    if (*more)
        return {};
    aged_ = Clock::now();
    return forget_unused();
}

// At the end of the input, for those who start ebpf-store now and then. Stops after two seconds:
// the next start goes on.
Result<void> Ingest::grow_old_at_once() {
    const auto begun = Clock::now();
    for (aged_ -= age_every; Clock::now() - aged_ >= age_every && Clock::now() - begun < 2s;)
        if (auto aged = grow_old(); !aged)
            return aged;
    return {};
}

// Deletes names that are not used any more; once a day, since all names are read.
Result<void> Ingest::forget_unused() {
    const auto horizon = read_horizon(writer_.database());
    if (!horizon)
        return fail(horizon.error());
    if (horizon->from[day] == unused_from_)
        return {};
    if (auto dropped = drop_unused(writer_.database()); !dropped)
        return may_pass(dropped.error()) ? Result<void>() : dropped;
    unused_from_ = horizon->from[day];
    writer_.forget();
    return {};
}

std::chrono::milliseconds Ingest::patience() const {
    if (batch_.empty())
        return 500ms;
    const auto left = longest_batch - (Clock::now() - begun_);
    return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(left), 0ms);
}

Result<void> Ingest::run() {
    while (!feed_.ended()) {
        if (auto block = feed_.take(patience()))
            if (auto taken = take(std::move(*block)); !taken)
                return taken;
        const bool due = batch_bytes_ > heaviest_batch || patience() <= 0ms || batch_.empty();
        if (due)
            if (auto committed = commit(); !committed)
                return committed;
        if (auto aged = grow_old(); !aged)
            return aged;
    }
    if (auto committed = commit(); !committed)
        return committed;
    if (auto summed = writer_.commit_sums(); !summed && !may_pass(summed.error()))
        return summed; // if it may pass, the next start writes the sums
    if (auto aged = grow_old_at_once(); !aged)
        return aged;
    speaker_.summary(writer_.tally(), lost_);
    if (const int code = feed_.error())
        return fail(system_error("read standard input", code));
    return {};
}

} // namespace

Result<void> ingest(const Request &request) {
    auto database = Database::open_writer(request.database, true);
    if (!database)
        return fail(database.error());
    auto writer = Writer::make(std::move(*database));
    if (!writer)
        return fail(writer.error());
    Ingest ingest(std::move(*writer), request);
    leave_stop_signals(); // the reading thread takes them
    return ingest.run();
}

} // namespace pinpipe::store
