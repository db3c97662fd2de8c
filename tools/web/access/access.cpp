// SPDX-License-Identifier: MIT
#include "tools/web/access/access.h"

#include "lib/base/base64.h"

namespace pinpipe::web {
namespace {

constexpr std::chrono::hours remembered{1}; // how long a right password is not hashed again

// The password in "Basic BASE64(USER:PASSWORD)", if the user is that of who.
std::optional<std::string> password_in(std::string_view authorization, Who who) {
    constexpr std::string_view scheme = "Basic ";
    if (!authorization.starts_with(scheme))
        return {};
    const auto pair = from_base64(authorization.substr(scheme.size()));
    const std::string_view user = who == Who::view ? "view:" : "room:";
    if (!pair || !pair->starts_with(user))
        return {};
    return pair->substr(user.size());
}

} // namespace

AccessControl::AccessControl(std::optional<Passwords> passwords, const Waker &waker)
    : passwords_(std::move(passwords)) {
    if (passwords_)
        verifier_.emplace(waker);
}

Admission AccessControl::admit(Who who, std::string_view authorization, const std::string &cookie,
                               const std::string &peer, const Check *check) {
    if (!asks())
        return {.kind = Admission::granted};
    if (who == Who::room && passwords_->room.empty())
        return {.kind = Admission::closed};
    if (who == Who::view && !cookie.empty() && sessions_.knows(cookie, Clock::now()))
        return {.kind = Admission::granted};
    const auto password = password_in(authorization, who);
    return password ? try_password(who, *password, peer, check) : Admission{};
}

Admission AccessControl::try_password(Who who, const std::string &password, const std::string &peer,
                                      const Check *check) {
    const auto now = Clock::now();
    const std::string name = names_.of((who == Who::view ? "v" : "r") + password);
    if (check) {
        if (!check->right)
            return {.kind = Admission::refused};
        throttle_.give_back(peer);
        right_.touch(name) = now;
        return {.kind = Admission::granted};
    }
    // Before the look whether it was right: else a peer could guess on, and be told by the answer.
    if (const unsigned seconds = throttle_.wait_of(peer, now))
        return {.kind = Admission::throttled, .seconds = seconds};
    if (const auto *when = right_.find(name); when && now - *when < remembered)
        return {.kind = Admission::granted};
    if (const unsigned seconds = throttle_.take(peer, now))
        return {.kind = Admission::throttled, .seconds = seconds};
    auto begun = verifier_->check(password, who == Who::view ? passwords_->view : passwords_->room);
    if (!begun)
        return {.kind = Admission::throttled, .seconds = 1};
    return {.kind = Admission::waiting, .check = std::move(begun)};
}

} // namespace pinpipe::web
