// SPDX-License-Identifier: MIT
// The accounting maps for a reader, and one whole look at them.
#pragma once

#include "lib/pins/pins.h"
#include "lib/pins/usage_book.h"

#include <functional>
#include <unordered_map>
#include <vector>

namespace pinpipe {

// What one process sent and received, by protocol and remote end, since the previous look. A
// process that has become something else, by exec or another user or cgroup, has entries of each.
struct UsageEntry {
    usage_key key;
    usage_sums sums;
    const struct process *process; // valid during the call
};

// Sums that could not be attributed since the previous look.
struct UsageLoss {
    usage_sums full;      // no room in the maps
    usage_sums forgotten; // of ended processes, overwritten before they were read
    bool any() const { return !is_zero(full) || !is_zero(forgotten); }
};

class UsageMaps {
public:
    static Result<UsageMaps> open(const Pins &pins);

    // Takes the current contents of the maps as reported: later looks report only growth.
    Result<void> skip();

    // Calls see for each entry that has grown, those of ended processes last. Without skip()
    // before, the first look reports everything since the load.
    Result<UsageLoss> look(const std::function<void(const UsageEntry &)> &see);

    // Forgets what was reported: the next look reports everything since the load again.
    void restart();

    size_t entries() const { return book_.size(); }

private:
    Result<size_t> read_batch(const Fd &map, const MapSpec &spec, std::vector<char> &keys,
                              std::vector<char> &values) const;
    Result<void> read_processes();
    Result<dead_state> state() const;
    Result<usage_sums> full() const;
    Result<bool> read_dead(uint64_t last, const std::function<void(const UsageEntry &)> &see);

    Fd usage_, processes_, dead_, dead_state_, totals_;
    std::string root_;
    std::vector<char> usage_keys_, usage_values_, process_keys_, process_values_;
    std::unordered_map<uint64_t, process_record> who_; // by mix(pid, start)
    UsageBook book_;
    uint64_t next_ = 1; // number of the next dead record to read
    usage_sums read_{}; // sums of dead records before next_
    usage_sums full_{}; // already reported
    bool started_ = false;
};

} // namespace pinpipe
