// SPDX-License-Identifier: MIT
// Sums up what was sent and received, as rows to show. Knows no terminal and no clock: all times
// come from the lines.
#pragma once

#include "tools/top/event_line.h"

#include <map>
#include <vector>

namespace pinpipe::top {

// The streams that are shown, each in its own table: their snapshots may have different times.
enum class Subject { usage, ports };
inline constexpr Subject subjects[] = {Subject::usage, Subject::ports};

// What a row stands for; the first three are views of usage.
enum class By { process, remote, both, port };
constexpr Subject subject_of(By by) {
    return by == By::port ? Subject::ports : Subject::usage;
}

// The table that a line belongs to; nothing if none.
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
    uint64_t number = 0; // 0: the row sums up several
    std::string name, place, proto;
    Rates rate; // in the last snapshot
    Amounts total;
};

struct Summary {
    uint64_t time = 0;    // of the last snapshot, microseconds since 1970
    size_t numbers = 0;   // processes, or ports
    Rates rate;           // in the last snapshot
    Amounts total;        // of all rows, forgotten ones too
    uint64_t lost = 0;    // calls or events, as reported by lost lines
    Amounts lost_amounts; // amounts of these
    uint64_t bad = 0;     // lines not understood
};

class Table {
public:
    explicit Table(Subject subject = Subject::usage) : subject_(subject) {}

    // Adds a line. A line with another time than the last one begins a new snapshot; returns true
    // then, since the previous snapshot is complete. Ignores lines of the other subject.
    bool add(const EventLine &line);

    // Sets the rates to 0: called if no lines came for longer than an interval.
    void idle();

    // The rows that match the filter, sorted. The filter is a part of any text in a row, regardless
    // of case.
    std::vector<Row> rows(By by, Column sort, bool ascending, const std::string &filter) const;

    Summary summary() const;
    uint64_t time() const { return sums_.time; }
    uint64_t interval() const { return interval_; } // milliseconds

    // The number of finest rows to keep. Beyond it, those that are idle longest are dropped, but
    // stay in the sums.
    static constexpr size_t most = 20000;
    size_t size() const { return entries_.size(); }

private:
    struct Entry {
        std::string name;
        Amounts all;           // sum of all snapshots
        Amounts now;           // in the last snapshot with this key
        Amounts last;          // the amounts of the last line with total
        uint64_t snapshot = 0; // number of the last snapshot with this key
        bool hidden = false;   // a line of kind interface: only in the sums
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
