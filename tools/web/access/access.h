// SPDX-License-Identifier: MIT
// Access control: passwords, sessions of those who have signed in, and a limit of tries.
#pragma once

#include "tools/web/access/passwords.h"
#include "tools/web/access/sessions.h"
#include "tools/web/access/throttle.h"
#include "tools/web/access/verifier.h"

#include <optional>

namespace pinpipe::web {

enum class Who { view, room };

struct Admission {
    enum Kind {
        granted,
        refused,   // a password is missing, or wrong
        throttled, // too many tries
        closed,    // the password file has no line for this: nobody may
        waiting,   // until check is done; then ask again
    };
    Kind kind = refused;
    unsigned seconds = 0; // throttled: how long to wait
    std::shared_ptr<Check> check = nullptr;
};

class AccessControl {
public:
    using Clock = std::chrono::steady_clock;

    // Without passwords everybody is admitted.
    AccessControl(std::optional<Passwords> passwords, const Waker &waker);

    bool asks() const { return passwords_.has_value(); }
    // Judges a request by its headers Authorization and Cookie. peer: the client's address, which
    // tries are counted by. check: the finished check that the request waited for, or nullptr.
    Admission admit(Who who, std::string_view authorization, const std::string &cookie,
                    const std::string &peer, const Check *check);
    // Judges a password, of a sign-in form or of a header.
    Admission try_password(Who who, const std::string &password, const std::string &peer,
                           const Check *check);

    std::string open_session() { return sessions_.open(Clock::now()); }
    void close_session(const std::string &token) { sessions_.close(token); }
    void collect() {
        if (verifier_)
            verifier_->collect();
    }

private:
    const std::optional<Passwords> passwords_;
    Sessions sessions_;
    Throttle throttle_;
    const SecretNames names_;
    Lru<std::string, Clock::time_point> right_{
        256};                          // when a password was right, by its secret name
    std::optional<Verifier> verifier_; // only with passwords
};

} // namespace pinpipe::web
