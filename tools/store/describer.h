// SPDX-License-Identifier: MIT
// Who a row of usage is about, as members of an event. What was said is remembered.
#pragma once

#include "tools/store/sqlite.h"

#include <map>

namespace pinpipe::store {

class Describer {
public:
    Describer() = default; // of nothing
    static Result<Describer> make(Database &database);

    // ,"host":"vm","pid":7 and so on up to the remote end; process 0: not known. Until the next
    // call.
    Result<const std::string *> of(int64_t subject, int64_t process);

private:
    Result<std::string> describe(int64_t subject, int64_t process);
    Result<std::string> name(int64_t id);

    Database *database_ = nullptr;
    Statement subject_, process_, name_;
    std::map<std::pair<int64_t, int64_t>, std::string> said_;
};

} // namespace pinpipe::store
