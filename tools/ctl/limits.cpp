// SPDX-License-Identifier: MIT
#include "tools/ctl/limits.h"

#include "lib/base/options.h"
#include "lib/rules/named_process.h"

#include <cerrno>
#include <pwd.h>

namespace pinpipe::ctl {

Which exactly(const Limits &limits) {
    return {limits.cgroup.path, limits.user};
}

Which at_least(const Limits &limits) {
    Which which;
    if (!limits.cgroup.path.empty())
        which.cgroup = limits.cgroup.path;
    if (limits.user)
        which.user = limits.user;
    return which;
}

Result<uint32_t> find_user(const std::string &text) {
    if (!text.empty() && text.find_first_not_of("0123456789") == text.npos) {
        // (uid_t)-1 is no user
        const auto number = parse_number("a user id", text, 0, UINT32_MAX - 1);
        if (!number)
            return fail(number.error());
        return static_cast<uint32_t>(*number) + 1;
    }
    const passwd *user = getpwnam(text.c_str());
    if (!user) {
        Error none = failure("there is no user '" + text + "'");
        none.code = ENOENT;
        return fail(std::move(none));
    }
    return static_cast<uint32_t>(user->pw_uid) + 1;
}

std::string user_text(uint32_t user) {
    if (!user)
        return "";
    const passwd *known = getpwuid(user - 1);
    return known ? known->pw_name : std::to_string(user - 1);
}

} // namespace pinpipe::ctl
