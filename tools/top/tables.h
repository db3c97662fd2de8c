// SPDX-License-Identifier: MIT
// The tables of all subjects, and the rounds of snapshots. A round has up to one snapshot of each
// subject.
#pragma once

#include "tools/top/table.h"

namespace pinpipe::top {

class Tables {
public:
    // Whether this line, which is not added yet, belongs to the next round.
    bool ends_round(const EventLine &line) const;
    void next_round() { in_round_ = {}; }
    bool in_round(Subject subject) const { return in_round_[index(subject)]; }

    void add(const EventLine &line);

    Table &of(Subject subject) { return tables_[index(subject)]; }
    const Table &of(Subject subject) const { return tables_[index(subject)]; }
    uint64_t bad() const { return tables_[0].summary().bad; }

private:
    static constexpr size_t index(Subject subject) { return static_cast<size_t>(subject); }

    std::array<Table, std::size(subjects)> tables_{Table(Subject::usage), Table(Subject::ports)};
    std::array<bool, std::size(subjects)> in_round_{};
};

} // namespace pinpipe::top
