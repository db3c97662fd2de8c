// SPDX-License-Identifier: MIT
#include "tools/loader/privilege.h"

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <linux/capability.h>
#include <string>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

unsigned long long effective_capabilities() {
    unsigned long long effective = 0;
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        std::sscanf(line.c_str(), "CapEff: %llx", &effective);
    return effective;
}

// The initial user namespace is the one that maps all user ids.
bool in_user_namespace() {
    unsigned long inside = 0, outside = 0, count = 0;
    std::string map;
    std::getline(std::ifstream("/proc/self/uid_map"), map);
    return std::sscanf(map.c_str(), "%lu %lu %lu", &inside, &outside, &count) == 3 &&
           count != UINT32_MAX;
}

} // namespace

Privilege own_privilege() {
    constexpr unsigned long long needed = 1ULL << CAP_SYS_ADMIN | 1ULL << CAP_NET_ADMIN;
    if (geteuid() != 0)
        return Privilege::no_root;
    if (in_user_namespace())
        return Privilege::user_namespace;
    return (effective_capabilities() & needed) == needed ? Privilege::all
                                                         : Privilege::no_capabilities;
}

} // namespace pinpipe::loader
