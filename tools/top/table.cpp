// SPDX-License-Identifier: MIT
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
    const std::string number = std::to_string(row.number) + "/" + row.proto;
    for (const std::string *text : {&row.name, &row.place, &number})
        if (lower(*text).find(filter) != std::string::npos)
            return true;
    return false;
}

// Compares in descending order: negative if a comes before b. Larger amounts come first, those that
// are not measured last.
int compare(const Row &a, const Row &b, Column column) {
    const auto order = [](const auto &x, const auto &y) { return x < y ? 1 : y < x ? -1 : 0; };
    const auto rate = [&](Counter of) { return order(a.rate[of], b.rate[of]); };
    const auto total = [&](Counter of) { return order(a.total[of], b.total[of]); };
    switch (column) {
    case Column::number: return order(b.number, a.number);
    case Column::name: return order(b.name, a.name);
    case Column::place: return order(b.place, a.place);
    case Column::proto: return order(b.proto, a.proto);
    case Column::packets_sent_rate: return rate(packets_sent);
    case Column::packets_received_rate: return rate(packets_received);
    case Column::sent_rate: return rate(bytes_sent);
    case Column::received_rate: return rate(bytes_received);
    case Column::sent: return total(bytes_sent);
    case Column::received: return total(bytes_received);
    }
    return 0;
}

// The amounts since the previous line of this key. last: the amounts of that line, updated.
Amounts growth(const EventLine &line, Amounts &last) {
    Amounts more = line.amounts;
    for (unsigned i = 0; line.total && i < counters; i++) {
        const uint64_t before = last[i].value_or(0);
        if (more[i] && *more[i] >= before)
            *more[i] -= before;
    }
    last = line.total ? line.amounts : Amounts{};
    return more;
}

// 0 for each counter that was measured.
Amounts nothing_of(Amounts amounts) {
    for (auto &amount : amounts)
        if (amount)
            amount = 0;
    return amounts;
}

// The part of a key that a view's rows have.
Key group_of(const Key &key, By by) {
    switch (by) {
    case By::process: return {key.number, key.start, "", ""};
    case By::remote: return {0, 0, "", key.place};
    case By::both:
    case By::port: break;
    }
    return key;
}

} // namespace

std::optional<Subject> subject_of(LineKind kind) {
    if (kind == LineKind::usage)
        return Subject::usage;
    if (kind == LineKind::port || kind == LineKind::interface)
        return Subject::ports;
    return {};
}

Rates Table::rates(const Amounts &amounts) const {
    Rates rates;
    for (unsigned i = 0; i < counters; i++)
        if (amounts[i])
            rates[i] = static_cast<double>(*amounts[i]) * 1000 /
                       static_cast<double>(std::max<uint64_t>(interval_, 1));
    return rates;
}

void Table::begin(const EventLine &line) {
    snapshot_++;
    now_ = {};
    if (line.total && sums_.time && line.time > sums_.time)
        interval_ = (line.time - sums_.time + 500) / 1000;
    else if (line.interval)
        interval_ = line.interval;
    sums_.time = line.time;
    if (entries_.size() > most)
        forget();
}

// Drops the half of the entries that is idle longest.
void Table::forget() {
    std::vector<uint64_t> ages;
    for (const auto &[key, entry] : entries_)
        ages.push_back(entry.snapshot);
    const auto middle = ages.begin() + static_cast<long>(ages.size() / 2);
    std::nth_element(ages.begin(), middle, ages.end());
    const uint64_t oldest = *middle;
    std::erase_if(entries_, [&](const auto &pair) { return pair.second.snapshot <= oldest; });
}

bool Table::add(const EventLine &line) {
    if (line.kind == LineKind::bad)
        sums_.bad++;
    if (line.kind == LineKind::lost) {
        sums_.lost += line.count;
        top::add(sums_.lost_amounts, line.amounts);
    }
    if (subject_of(line.kind) != subject_)
        return false;
    const bool next = snapshot_ == 0 || line.time != sums_.time;
    if (next)
        begin(line);
    Entry &entry = entries_[line.key];
    if (entry.snapshot != snapshot_)
        entry.now = {};
    entry.snapshot = snapshot_;
    entry.name = line.name;
    entry.hidden = line.kind == LineKind::interface;
    const Amounts more = growth(line, entry.last);
    for (Amounts *sum : {&entry.now, &entry.all, &now_, &sums_.total})
        top::add(*sum, more);
    return next && snapshot_ > 1;
}

void Table::idle() {
    snapshot_++;
    now_ = nothing_of(now_);
}

void Table::add(Row &row, By by, const Key &key, const Entry &entry) const {
    row.proto = row.proto.empty() || row.proto == key.proto ? key.proto : "*";
    if (by != By::remote) {
        row.number = key.number;
        row.name = entry.name;
    }
    if (by != By::process)
        row.place = key.place.empty() ? "-" : key.place;
    top::add(row.total, entry.all);
    top::add(row.rate, rates(entry.snapshot == snapshot_ ? entry.now : nothing_of(entry.now)));
}

std::vector<Row> Table::rows(By by, Column sort, bool ascending, const std::string &filter) const {
    std::map<Key, Row> grouped;
    for (const auto &[key, entry] : entries_)
        if (!entry.hidden)
            add(grouped[group_of(key, by)], by, key, entry);
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
    summary.rate = rates(now_);
    std::set<std::tuple<uint64_t, uint64_t, std::string>> numbers;
    for (const auto &[key, entry] : entries_)
        if (!entry.hidden) // counts a process once, a port once for each protocol
            numbers.emplace(key.number, key.start, subject_ == Subject::ports ? key.proto : "");
    summary.numbers = numbers.size();
    return summary;
}

} // namespace pinpipe::top
