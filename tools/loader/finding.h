// SPDX-License-Identifier: MIT
// One line of ebpf-load --check.
#pragma once

#include <string>
#include <vector>

namespace pinpipe::loader {

enum class State {
    ok,
    missing, // absent, and loading needs it
    no,      // absent, and loading goes on without it
    unknown,
};

struct Finding {
    std::string name;
    State state;
    std::string value;
    std::string fix; // a command, or empty
};

using Findings = std::vector<Finding>;

// A finding that only root can make.
inline Finding ask_root(std::string name) {
    return {std::move(name), State::unknown, "run as root", "sudo ebpf-load --check"};
}

} // namespace pinpipe::loader
