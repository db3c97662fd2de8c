// SPDX-License-Identifier: MIT
// Sums by key and cell. Those that do not fit into memory are in a temporary file.
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

    // Fails if the temporary file cannot be written.
    Result<void> add(int64_t cell, int64_t key, const Sums &sums);
    // Calls take for each row: in order of cells, in a cell the largest first (bytes in both
    // directions), then in order of keys.
    Result<void> each(const Take &take);
    size_t size() const { return size_; } // known after each()

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
