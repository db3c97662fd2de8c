// SPDX-License-Identifier: MIT
// Writes whom a row of usage is about, as members of an event. Results are cached.
#pragma once

#include "tools/store/sqlite.h"

#include <map>

namespace pinpipe::store {

class Describer {
public:
    Describer() = default; // without a database: only to be assigned to
    static Result<Describer> make(Database &database);

    // ,"host":"vm","pid":7 and so on up to the remote end; ids of rows of the database. process 0:
    // not known. Valid until the next call.
    Result<const std::string *> of(int64_t subject, int64_t process);

private:
    Result<std::string> describe(int64_t subject, int64_t process);
    Result<std::string> name(int64_t id);

    Database *database_ = nullptr;
    Statement subject_, process_, name_;
    std::map<std::pair<int64_t, int64_t>, std::string> said_;
};

} // namespace pinpipe::store
