// SPDX-License-Identifier: MIT
// Whether the kernel is locked down, as the file "lockdown" in securityfs says.
#pragma once

#include "tools/loader/finding.h"

#include <string>

namespace pinpipe::loader {

struct SecurityFile {
    enum class Answer {
        read,          // line is its first line
        absent,        // securityfs has no such file: this kernel lacks the security module
        not_permitted, // only root may read it
        no_securityfs, // this kernel has no securityfs
    };
    Answer answer;
    std::string line;
};

// Reads a file of securityfs. Where securityfs is not mounted at /sys/kernel/security, root reads
// it through a detached mount that ends with the call.
SecurityFile read_security_file(const std::string &name);

// Interprets the file "lockdown". Its line has the mode in brackets: "none [integrity]
// confidentiality".
Finding lockdown_finding(const SecurityFile &file);

} // namespace pinpipe::loader
