// SPDX-License-Identifier: MIT
// The words of a line of the policy file, and how they are quoted; see policy_file.h.
#pragma once

#include "lib/base/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace pinpipe::ctl {

struct Word {
    std::string bytes;
    bool quoted = false;
};

// The words before a comment.
Result<std::vector<Word>> words_of(std::string_view line);

std::string quoted(const std::string &word); // quoted as in the file, if it needs to be

} // namespace pinpipe::ctl
