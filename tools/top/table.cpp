#include "tools/top/table.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace pinpipe::top {
namespace {

std::string lower(std::string text) {
    for (char &c : text)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

bool matches(const Row &row, const std::string &filter) {
    if (filter.empty())
        return true;
    const std::string pid = std::to_string(row.pid);
    for (const std::string *text : {&row.process, &row.remote, &row.proto, &pid})
        if (lower(*text).find(filter) != std::string::npos)
            return true;
    return false;
}

// Whether a comes before b going down, which is largest first for numbers.
int compare(const Row &a, const Row &b, Column column) {
    const auto order = [](const auto &x, const auto &y) { return x < y ? 1 : y < x ? -1 : 0; };
    switch (column) {
    case Column::pid: return order(b.pid, a.pid);
    case Column::process: return order(b.process, a.process);
    case Column::remote: return order(b.remote, a.remote);
    case Column::proto: return order(b.proto, a.proto);
    case Column::sent_rate: return order(a.sent_rate, b.sent_rate);
    case Column::received_rate: return order(a.received_rate, b.received_rate);
    case Column::sent: return order(a.sent, b.sent);
    case Column::received: return order(a.received, b.received);
    }
    return 0;
}

} // namespace

double Table::rate(uint64_t bytes) const {
    return static_cast<double>(bytes) * 1000 /
           static_cast<double>(std::max<uint64_t>(interval_, 1));
}

void Table::begin(const UsageLine &line) {
    snapshot_++;
    now_sent_ = now_received_ = 0;
    interval_ = line.total && sums_.time && line.time > sums_.time
                    ? (line.time - sums_.time + 500) / 1000
                    : line.interval;
    sums_.time = line.time;
    if (entries_.size() > most)
        forget();
}

// The longest idle half goes.
void Table::forget() {
    std::vector<uint64_t> ages;
    for (const auto &[key, entry] : entries_)
        ages.push_back(entry.snapshot);
    const auto middle = ages.begin() + static_cast<long>(ages.size() / 2);
    std::nth_element(ages.begin(), middle, ages.end());
    const uint64_t oldest = *middle;
    std::erase_if(entries_, [&](const auto &pair) { return pair.second.snapshot <= oldest; });
}

bool Table::add(const UsageLine &line) {
    if (line.kind == LineKind::bad)
        sums_.bad++;
    if (line.kind == LineKind::lost) {
        sums_.lost += line.count;
        sums_.lost_bytes += line.sent + line.received;
    }
    if (line.kind != LineKind::usage)
        return false;
    const bool next = snapshot_ == 0 || line.time != sums_.time;
    if (next)
        begin(line);
    Entry &entry = entries_[{line.pid, line.start, line.proto, line.remote}];
    if (entry.snapshot != snapshot_)
        entry.now_sent = entry.now_received = 0;
    entry.snapshot = snapshot_;
    entry.process = line.comm;
    const auto growth = [&](uint64_t value, uint64_t &last) {
        const uint64_t more = !line.total || value < last ? value : value - last;
        last = line.total ? value : 0;
        return more;
    };
    const uint64_t sent = growth(line.sent, entry.last_total_sent);
    const uint64_t received = growth(line.received, entry.last_total_received);
    entry.now_sent += sent, entry.now_received += received;
    entry.sent += sent, entry.received += received;
    now_sent_ += sent, now_received_ += received;
    sums_.sent += sent, sums_.received += received;
    return next && snapshot_ > 1;
}

void Table::idle() {
    snapshot_++;
    now_sent_ = now_received_ = 0;
}

std::vector<Row> Table::rows(By by, Column sort, bool ascending, const std::string &filter) const {
    std::map<Key, Row> grouped;
    for (const auto &[key, entry] : entries_) {
        const auto &[pid, start, proto, remote] = key;
        const Key group = by == By::process  ? Key{pid, start, "", ""}
                          : by == By::remote ? Key{0, 0, "", remote}
                                             : key;
        Row &row = grouped[group];
        if (by != By::remote) {
            row.pid = pid;
            row.process = entry.process;
        }
        if (by != By::process)
            row.remote = remote.empty() ? "-" : remote;
        if (row.proto.empty())
            row.proto = proto;
        else if (row.proto != proto)
            row.proto = "*";
        row.sent += entry.sent;
        row.received += entry.received;
        if (entry.snapshot == snapshot_) {
            row.sent_rate += rate(entry.now_sent);
            row.received_rate += rate(entry.now_received);
        }
    }
    std::vector<Row> rows;
    const std::string wanted = lower(filter);
    for (auto &[key, row] : grouped)
        if (matches(row, wanted))
            rows.push_back(std::move(row));
    std::stable_sort(rows.begin(), rows.end(), [&](const Row &a, const Row &b) {
        const int order = compare(a, b, sort);
        return ascending ? order > 0 : order < 0;
    });
    return rows;
}

Summary Table::summary() const {
    Summary summary = sums_;
    summary.sent_rate = rate(now_sent_);
    summary.received_rate = rate(now_received_);
    std::set<std::pair<uint64_t, uint64_t>> processes;
    for (const auto &[key, entry] : entries_)
        processes.emplace(std::get<0>(key), std::get<1>(key));
    summary.processes = processes.size();
    return summary;
}

} // namespace pinpipe::top
