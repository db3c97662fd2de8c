// SPDX-License-Identifier: MIT
// What repeats is stored once and called by a number: names, who, subjects, processes. A bounded
// memory of these numbers stands before the tables.
#pragma once

#include "tools/store/rollup.h"

#include <span>

namespace pinpipe::store {

// What the database calls the texts and numbers of a line of usage.
struct Known {
    int64_t subject = 0, who = 0, process = 0;
    int64_t day = -1, hour = -1; // that the subject and the process are noted for
    // where its last line was added
    int64_t minute = -1;
    uint64_t epoch = 0;
    Rollup::Cell *cell = nullptr;
};

class Names {
public:
    static Result<Names> make(Database &database);

    Result<int64_t> name(Database &database, const Text &text); // 0: absent
    Result<Known *> known(Database &database, const Line &line);

    // After a rollback, or after rows have been deleted.
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
    // A row that is found, or made: both statements take these parameters.
    static Result<int64_t> row(Database &database, Statement &find, Statement &make,
                               std::span<const int64_t> values);
    Result<Known> look_up(Database &database, const Line &line);
    Result<int64_t> process(Database &database, const Line &line);
    Result<void> note(Database &database, Known &known, int64_t time);

    static constexpr size_t most_bytes = 6 << 20; // in keys and values, of each kind

    Map<int64_t> names_;
    Map<Known> known_;
    size_t names_bytes_ = 0, known_bytes_ = 0;
    std::string key_;
    Statement find_name_, make_name_, find_who_, make_who_, find_subject_, make_subject_,
        find_process_, make_process_, note_subject_, note_process_;
};

} // namespace pinpipe::store
