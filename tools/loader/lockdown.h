// SPDX-License-Identifier: MIT
// Whether the kernel is locked down, as its security modules say in securityfs.
#pragma once

#include "tools/loader/finding.h"

#include <string>

namespace pinpipe::loader {

struct SecurityFile {
    enum class Answer {
        read,          // line is its first line
        absent,        // securityfs has no such file: no security module of this kernel makes it
        not_permitted, // root could read it
        no_securityfs, // this kernel has none
    };
    Answer answer;
    std::string line;
};

// A file of securityfs. Where securityfs is not mounted at /sys/kernel/security, root reads it
// through a mount that appears nowhere and ends with the call.
SecurityFile read_security_file(const std::string &name);

// What the file "lockdown" means: "none [integrity] confidentiality" has the mode in brackets.
Finding lockdown_finding(const SecurityFile &file);

} // namespace pinpipe::loader
