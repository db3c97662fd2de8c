// SPDX-License-Identifier: MIT
// What has been sent and received, as rows to show. No terminal, no clock: all times come from the
// lines.
#pragma once

#include "tools/top/event_line.h"

#include <map>
#include <vector>

namespace pinpipe::top {

// The streams that are shown, each in a table of its own: their snapshots need not be of one time.
enum class Subject { usage, ports };
inline constexpr Subject subjects[] = {Subject::usage, Subject::ports};

// What a row is for: the first three are of usage.
enum class By { process, remote, both, port };
constexpr Subject subject_of(By by) {
    return by == By::port ? Subject::ports : Subject::usage;
}

// Nothing for lines that are of no table.
std::optional<Subject> subject_of(LineKind kind);

enum class Column {
    number, // process or port
    name,   // of the process, or the port's owners
    place,  // remote address, or interface
    proto,
    packets_sent_rate,
    packets_received_rate,
    sent_rate,
    received_rate,
    sent,
    received
};

struct Row {
    uint64_t number = 0; // 0: of several
    std::string name, place, proto;
    Rates rate; // in the last snapshot
    Amounts total;
};

struct Summary {
    uint64_t time = 0;    // of the last snapshot, microseconds since 1970
    size_t numbers = 0;   // processes, or ports
    Rates rate;           // in the last snapshot
    Amounts total;        // everything, forgotten rows too
    uint64_t lost = 0;    // calls or events, as told by lost lines
    Amounts lost_amounts; // of these
    uint64_t bad = 0;     // lines not understood
};

class Table {
public:
    explicit Table(Subject subject = Subject::usage) : subject_(subject) {}

    // Lines of one snapshot follow each other; the first of another time begins the next. Returns
    // whether this one did, so that the one before is complete. Lines of the other subject are left
    // alone.
    bool add(const EventLine &line);

    // No lines for longer than an interval: nothing was sent.
    void idle();

    // Rows that match the filter (a part of any text in them, any case), sorted.
    std::vector<Row> rows(By by, Column sort, bool ascending, const std::string &filter) const;

    Summary summary() const;
    uint64_t time() const { return sums_.time; }
    uint64_t interval() const { return interval_; } // milliseconds

    // Finest rows are kept up to here; then the longest idle ones are forgotten, but not their
    // sums.
    static constexpr size_t most = 20000;
    size_t size() const { return entries_.size(); }

private:
    struct Entry {
        std::string name;
        Amounts all;           // in all
        Amounts now;           // in the last snapshot that had it
        Amounts last;          // as --since-load told them
        uint64_t snapshot = 0; // that had it last
        bool hidden = false;   // an interface's: in the sums alone
    };
    void begin(const EventLine &line);
    void forget();
    void add(Row &row, By by, const Key &key, const Entry &entry) const;
    Rates rates(const Amounts &amounts) const;

    Subject subject_;
    std::map<Key, Entry> entries_;
    Summary sums_;
    uint64_t snapshot_ = 0;
    uint64_t interval_ = 1000; // of the last snapshot
    Amounts now_;
};

} // namespace pinpipe::top
