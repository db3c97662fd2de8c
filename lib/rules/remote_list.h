// SPDX-License-Identifier: MIT
// Lists of remote ends as an administrator writes them: prefixes of addresses, and words.
//
//   loopback  this machine: 127.0.0.0/8, ::1, and 0.0.0.0 and ::, which connect to it
//   lan       private, shared and link-local addresses, multicast and broadcast
//   internet  all others
#pragma once

#include "bpf/abi/events.h"
#include "lib/base/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace pinpipe {

// The list of these words, each of which may be several with commas between them: in order, without
// doubles, with commas. An error is a usage error.
Result<std::string> remote_list(const std::vector<std::string> &words);

struct ListedPrefix {
    union address address;
    unsigned bits; // 0 to 128
    bool in;       // whether addresses with this prefix, and no longer one, are on the list
};

// The prefixes of a list that remote_list() returned.
std::vector<ListedPrefix> prefixes_of(const std::string &list);

// The word that an address falls under: "loopback", "lan", "internet".
const char *word_of(const union address &address);

} // namespace pinpipe
