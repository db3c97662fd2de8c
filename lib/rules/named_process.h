// SPDX-License-Identifier: MIT
// Processes as an administrator writes them, and the keys that kernel programs compare.
#pragma once

#include "bpf/abi/rules.h"
#include "lib/base/error.h"

#include <string>

namespace pinpipe {

struct Process {
    subject_key key{}; // bank 0; scope 0: all
    std::string text;  // as the administrator wrote it
};

// A process's name as it can be given back: "name:NAME" where NAME alone would mean another thing.
std::string name_text(const std::string &name);

// The kind of NAME, name:NAME, an absolute path, or pid:N, by its syntax alone. An error is a usage
// error.
Result<subject_kind> process_kind(const std::string &text);

// The same, looked up: a path must be an existing executable file, a number a running process.
Result<Process> find_process(const std::string &text);

// The same for rules, where "any" is every process of a cgroup (SUBJECT_ANY), and "*" is refused.
Result<subject_kind> ruled_kind(const std::string &text);
Result<Process> find_ruled(const std::string &text);

// Whether an error of find_process() says that the file or process is not there.
bool is_missing(const Error &error);

// Whether text still has this kind and id: the file or process has not been replaced since.
bool is_current(const subject_key &key, const std::string &text);

} // namespace pinpipe
