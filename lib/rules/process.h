// SPDX-License-Identifier: MIT
// Processes as an administrator names them, and what the kernel compares.
#pragma once

#include "bpf/abi/rules.h"
#include "lib/base/error.h"

#include <string>

namespace pinpipe {

struct Process {
    subject_key key{}; // bank 0; cgroup 0: all
    std::string text;  // as it was written
};

// NAME, an absolute path, or pid:N, by its looks alone; an error is a usage error.
Result<subject_kind> process_kind(const std::string &text);

// The same, looked up: a path is an executable file that is there, a number a process that runs.
Result<Process> find_process(const std::string &text);

// Whether text still means that kind and id: the file, the process has not been exchanged since.
bool is_current(const subject_key &key, const std::string &text);

} // namespace pinpipe
