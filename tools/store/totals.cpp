// SPDX-License-Identifier: MIT
#include "tools/store/totals.h"

#include <algorithm>

namespace pinpipe::store {

Result<void> Totals::add(int64_t cell, int64_t key, const Sums &sums) {
    rows_[{cell, key}] += sums;
    return rows_.size() < most_ ? Result<void>() : spill();
}

Result<void> Totals::spill() {
    if (!file_) {
        auto file = Database::open_scratch();
        if (!file)
            return fail(file.error());
        file_ = std::move(*file);
        if (auto made = file_->run("CREATE TABLE total (cell, key, sent, received, calls_sent,"
                                   " calls_received, PRIMARY KEY (cell, key)) WITHOUT ROWID");
            !made)
            return made;
        if (auto prepared = file_->prepare_into(
                add_, "INSERT INTO total VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                      " sent = sent + excluded.sent, received = received + excluded.received,"
                      " calls_sent = calls_sent + excluded.calls_sent,"
                      " calls_received = calls_received + excluded.calls_received");
            !prepared)
            return prepared;
    }
    if (auto begun = file_->run("BEGIN"); !begun)
        return begun;
    for (const auto &[key, sums] : rows_) {
        add_.bind(1, key.cell).bind(2, key.key).bind(3, sums.sent).bind(4, sums.received);
        add_.bind(5, sums.calls_sent).bind(6, sums.calls_received);
        if (auto added = file_->run(add_); !added)
            return added;
    }
    rows_.clear();
    return file_->run("COMMIT");
}

Result<void> Totals::each_spilled(const Take &take) {
    if (auto spilled = spill(); !spilled)
        return spilled;
    const auto count = file_->number("SELECT count(*) FROM total");
    if (!count)
        return fail(count.error());
    size_ = static_cast<size_t>(*count);
    auto rows = file_->prepare("SELECT cell, key, sent, received, calls_sent, calls_received "
                               "FROM total ORDER BY cell, sent + received DESC, key");
    if (!rows)
        return fail(rows.error());
    for (;;) {
        const auto row = file_->next(*rows);
        if (!row)
            return fail(row.error());
        if (!*row)
            return {};
        const auto more = take({rows->number(0),
                                rows->number(1),
                                {rows->count(2), rows->count(3), rows->count(4), rows->count(5)}});
        if (!more || !*more)
            return more ? Result<void>() : fail(more.error());
    }
}

Result<void> Totals::each(const Take &take) {
    if (file_)
        return each_spilled(take);
    size_ = rows_.size();
    std::vector<Row> rows;
    rows.reserve(rows_.size());
    for (const auto &[key, sums] : rows_)
        rows.push_back({key.cell, key.key, sums});
    std::sort(rows.begin(), rows.end(), [](const Row &a, const Row &b) {
        const uint64_t all_a = a.sums.sent + a.sums.received, all_b = b.sums.sent + b.sums.received;
        return a.cell != b.cell ? a.cell < b.cell : all_a != all_b ? all_a > all_b : a.key < b.key;
    });
    for (const Row &row : rows) {
        const auto more = take(row);
        if (!more || !*more)
            return more ? Result<void>() : fail(more.error());
    }
    return {};
}

} // namespace pinpipe::store
