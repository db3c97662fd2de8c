// What has been sent and received, as rows to show. No terminal, no clock: all times come from the
// lines.
#pragma once

#include "tools/top/usage_line.h"

#include <map>
#include <tuple>
#include <vector>

namespace pinpipe::top {

enum class By { process, remote, both };
enum class Column { pid, process, remote, proto, sent_rate, received_rate, sent, received };

struct Row {
    uint64_t pid = 0; // 0: of several
    std::string process, remote, proto;
    double sent_rate = 0, received_rate = 0; // bytes a second, in the last snapshot
    uint64_t sent = 0, received = 0;         // bytes, in all
};

struct Summary {
    uint64_t time = 0; // of the last snapshot, microseconds since 1970
    size_t processes = 0;
    double sent_rate = 0, received_rate = 0;
    uint64_t sent = 0, received = 0; // everything, forgotten rows too
    uint64_t lost = 0;               // calls or events, as told by lost lines
    uint64_t lost_bytes = 0;
    uint64_t bad = 0; // lines not understood
};

class Table {
public:
    // Lines of one snapshot follow each other; the first of another time begins the next. Returns
    // whether this one did, so that the one before is complete.
    bool add(const UsageLine &line);

    // No lines for longer than an interval: nothing was sent.
    void idle();

    // Rows that match the filter (a part of process, remote, protocol or pid, any case), sorted.
    std::vector<Row> rows(By by, Column sort, bool ascending, const std::string &filter) const;

    Summary summary() const;

    // Finest rows are kept up to here; then the longest idle ones are forgotten, but not their
    // sums.
    static constexpr size_t most = 20000;
    size_t size() const { return entries_.size(); }

private:
    struct Entry {
        std::string process;
        uint64_t sent = 0, received = 0;                       // in all
        uint64_t now_sent = 0, now_received = 0;               // in the last snapshot
        uint64_t last_total_sent = 0, last_total_received = 0; // as --since-load told them
        uint64_t snapshot = 0;                                 // that had it last
    };
    using Key =
        std::tuple<uint64_t, uint64_t, std::string, std::string>; // pid, start, proto, remote
    void begin(const UsageLine &line);
    void forget();
    double rate(uint64_t bytes) const;

    std::map<Key, Entry> entries_;
    Summary sums_;
    uint64_t snapshot_ = 0;
    uint64_t interval_ = 1000; // milliseconds, of the last snapshot
    uint64_t now_sent_ = 0, now_received_ = 0;
};

} // namespace pinpipe::top
