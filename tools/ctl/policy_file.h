// SPDX-License-Identifier: MIT
// The policy file that apply reads and export writes.
//
//   # a comment
//   allow 8080-8090/tcp exampleprocess
//   allow 53/udp /usr/bin/dig cgroup=/sys/fs/cgroup/app
//   allow 443 curl side=connect           not served; side=serve: not connected to
//   allow 443 curl to=10.0.0.0/8,lan      only with these remote ends
//   allow 443 any cgroup=/sys/fs/cgroup/app
//   allow 443 curl user=alice             only processes of that user
//   allow none exampleprocess             ruled, although no port is allowed
//   allow icmp ping
//   audit exampleprocess                  told, not denied
//   children exampleprocess               its rules hold for its descendants too
//   audit all                             nobody is denied anything
//
// children needs an allow or an audit of the same process, cgroup and user, before or after it.
//
// A word with blanks, quotes or other bytes than printable ASCII stands in double quotes, with \",
// \\ and \xHH in them; a process that is called all as well. A # at the start of a word begins a
// comment.
#pragma once

#include "tools/ctl/limits.h"
#include "tools/ctl/policy.h"

#include <functional>

namespace pinpipe::ctl {

struct PolicyError {
    size_t line; // from 1
    std::string text;
};

// How words are turned into ids: by these functions, or by functions of a test.
struct Finders {
    std::function<Result<Process>(const std::string &)> process = find_ruled;
    std::function<Result<Cgroup>(const std::string &)> cgroup = find_cgroup;
    std::function<Result<uint32_t>(const std::string &)> user = find_user;
};

inline constexpr size_t most_policy_errors = 20;

// The policy, in order; or the first most_policy_errors errors. left_out gets the lines about files
// and processes that are not there, which the policy lacks; without it they are errors.
tl::expected<Policy, std::vector<PolicyError>>
parse_policy(std::string_view text, const Finders &finders = {},
             std::vector<PolicyError> *left_out = nullptr);

// policy must be in order. Each line ends with a newline.
std::vector<std::string> policy_lines(const Policy &policy);

} // namespace pinpipe::ctl
