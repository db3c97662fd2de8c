// SPDX-License-Identifier: MIT
// Names, who, subjects and processes are stored once each and referred to by an id. Ids are cached,
// in bounded memory.
#pragma once

#include "tools/store/rollup.h"

#include <span>

namespace pinpipe::store {

// The ids of what a line of usage is about.
struct Known {
    int64_t subject = 0, who = 0, process = 0;
    int64_t day = -1, hour = -1; // the last ones that are noted in the tables subject and process
    // the cell that its last line was added to
    int64_t minute = -1;
    uint64_t epoch = 0;
    Rollup::Cell *cell = nullptr;
};

class Names {
public:
    static Result<Names> make(Database &database);

    Result<int64_t> name(Database &database, const Text &text); // 0: absent
    Result<Known *> known(Database &database, const Line &line);

    // Empties the cache: after a rollback, or after rows have been deleted.
    void forget();

private:
    struct HashText {
        using is_transparent = void;
        size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>()(text);
        }
    };
    template <class Value>
    using Map = std::unordered_map<std::string, Value, HashText, std::equal_to<>>;
    // The id of a row that is found or made; both statements take these parameters.
    static Result<int64_t> row(Database &database, Statement &find, Statement &make,
                               std::span<const int64_t> values);
    Result<Known> look_up(Database &database, const Line &line);
    Result<int64_t> process(Database &database, const Line &line);
    Result<void> note(Database &database, Known &known, int64_t time);

    static constexpr size_t most_bytes = 6 << 20; // of keys and values, in each of both caches

    Map<int64_t> names_;
    Map<Known> known_;
    size_t names_bytes_ = 0, known_bytes_ = 0;
    std::string key_;
    Statement find_name_, make_name_, find_who_, make_who_, find_subject_, make_subject_,
        find_process_, make_process_, note_subject_, note_process_;
};

} // namespace pinpipe::store
