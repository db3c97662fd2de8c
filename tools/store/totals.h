// SPDX-License-Identifier: MIT
// Sums by key and cell, of any number: what memory does not hold waits in a temporary file.
#pragma once

#include "lib/base/hash.h"
#include "tools/store/line.h"
#include "tools/store/sqlite.h"

#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

namespace pinpipe::store {

class Totals {
public:
    struct Row {
        int64_t cell, key;
        Sums sums;
    };
    using Take = std::function<Result<bool>(const Row &)>; // false: no more

    explicit Totals(size_t most = 65'536) : most_(most) {}

    // Fails where the temporary file does, once memory is full.
    Result<void> add(int64_t cell, int64_t key, const Sums &sums);
    // By cell, within one the largest first (bytes in both directions), then by key.
    Result<void> each(const Take &take);
    size_t size() const { return size_; } // after each()

private:
    struct Key {
        int64_t cell, key;
        bool operator==(const Key &) const = default;
    };
    struct HashKey {
        size_t operator()(const Key &k) const {
            return hash_words({static_cast<uint64_t>(k.key), static_cast<uint64_t>(k.cell)});
        }
    };
    Result<void> spill();
    Result<void> each_spilled(const Take &take);

    size_t most_, size_ = 0;
    std::unordered_map<Key, Sums, HashKey> rows_;
    std::optional<Database> file_;
    Statement add_;
};

} // namespace pinpipe::store
