// SPDX-License-Identifier: MIT
// Processes as an administrator writes them, and the keys that kernel programs compare.
#pragma once

#include "bpf/abi/rules.h"
#include "lib/base/error.h"

#include <string>

namespace pinpipe {

struct Process {
    subject_key key{}; // bank 0; cgroup 0: all
    std::string text;  // as the administrator wrote it
};

// The kind of NAME, an absolute path, or pid:N, by its syntax alone. An error is a usage error.
Result<subject_kind> process_kind(const std::string &text);

// The same, looked up: a path must be an existing executable file, a number a running process.
Result<Process> find_process(const std::string &text);

// Whether text still has this kind and id: the file or process has not been replaced since.
bool is_current(const subject_key &key, const std::string &text);

} // namespace pinpipe
