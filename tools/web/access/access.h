// SPDX-License-Identifier: MIT
// Who may: the passwords, those who have signed in, and how often somebody may try.
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
        closed,    // nobody may
        waiting,   // for check
    };
    Kind kind = refused;
    unsigned seconds = 0; // of throttled: to wait
    std::shared_ptr<Check> check = nullptr;
};

class AccessControl {
public:
    using Clock = std::chrono::steady_clock;

    // Without passwords everybody may.
    AccessControl(std::optional<Passwords> passwords, const Waker &waker);

    bool asks() const { return passwords_.has_value(); }
    // A request with these headers from this peer. check: what it waited for, or nullptr.
    Admission admit(Who who, std::string_view authorization, const std::string &cookie,
                    const std::string &peer, const Check *check);
    // A password of who watches.
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
    Lru<std::string, Clock::time_point> right_{256}; // passwords that were, by their names, when
    std::optional<Verifier> verifier_;               // where there are passwords
};

} // namespace pinpipe::web
