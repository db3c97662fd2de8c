// SPDX-License-Identifier: MIT
// Decides whether a row is part of a report, and to which line of the report it belongs.
#pragma once

#include "tools/store/options.h"
#include "tools/store/reading.h"

#include <unordered_map>

namespace pinpipe::store {

class Keys {
public:
    static Result<Keys> make(Database &database, By by, const Filter &filter);

    // Whether rows with remote ends are needed.
    bool with_remotes() const { return with_remotes_; }
    struct Answer {
        bool wanted;
        int64_t key; // a name's id, a port, a user's number; 0 or -1: absent
    };
    Result<Answer> of(const Reading::Row &row);
    // What a key says, in the bytes it came in; false: absent.
    Result<bool> text(int64_t key, std::string &to);

private:
    // Of a subject or who, as ids of names or as numbers.
    struct Attributes {
        int64_t host, comm, exe, uid, cgroup, proto, remote, port;
    };
    explicit Keys(Database &database, By by) : database_(&database), by_(by) {}
    Result<void> find_names(const Filter &filter);
    Result<Answer> look_up(bool subject, int64_t id);
    Result<bool> matches(const Attributes &a);
    Result<bool> in_prefix(int64_t remote);
    Result<bool> name(int64_t id, std::string &to);

    static constexpr size_t most = 100'000; // answers in the cache

    Database *database_;
    By by_;
    bool with_remotes_ = false;
    // What is asked for, in order of Attributes; a name that is not there matches nothing.
    std::vector<std::pair<int64_t Attributes::*, int64_t>> equal_;
    std::optional<Prefix> remote_;
    std::optional<std::pair<int64_t, int64_t>> ports_;
    std::unordered_map<int64_t, Answer> answers_[2];
    Statement who_, subject_, name_, find_name_;
};

} // namespace pinpipe::store
