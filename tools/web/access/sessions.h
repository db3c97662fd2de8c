// SPDX-License-Identifier: MIT
// Sessions of browsers that have signed in. The cookie has a random token; only the token's name
// (see SecretNames) is kept here.
#pragma once

#include "tools/web/access/secret.h"
#include "tools/web/common/lru.h"

#include <chrono>

namespace pinpipe::web {

class Sessions {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr size_t most = 256;
    static constexpr std::chrono::hours unused{12}, longest{7 * 24};

    // Opens a session and returns its token.
    std::string open(Clock::time_point now) {
        std::string token = hex(random_bytes(32));
        sessions_.touch(names_.of(token)) = {now, now};
        return token;
    }
    bool knows(const std::string &token, Clock::time_point now) {
        const std::string name = names_.of(token);
        const Session *session = sessions_.find(name);
        if (!session)
            return false;
        if (now - session->used > unused || now - session->opened > longest) {
            sessions_.erase(name);
            return false;
        }
        sessions_.touch(name).used = now;
        return true;
    }
    void close(const std::string &token) { sessions_.erase(names_.of(token)); }

private:
    struct Session {
        Clock::time_point opened, used;
    };
    const SecretNames names_;
    Lru<std::string, Session> sessions_{most};
};

} // namespace pinpipe::web
