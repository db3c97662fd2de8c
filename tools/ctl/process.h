// Whom a rule is about: what a person writes, and what the kernel compares.
#pragma once

#include "bpf/rules.h"
#include "lib/error.h"

#include <optional>
#include <string>
#include <unordered_map>

namespace pinpipe::ctl {

struct Process {
    subject_key key{}; // bank 0; cgroup 0: all
    std::string text;  // as it was written
};

// NAME, an absolute path, or pid:N, by its looks alone; an error is a usage error.
Result<subject_kind> process_kind(const std::string &text);

// The same, looked up: a path is an executable file that is there, a number a process that runs.
Result<Process> find_process(const std::string &text);

// Id of the cgroup whose directory this is. "cgroup:ID" is one as well.
Result<uint64_t> find_cgroup(const std::string &directory);

// From ids of cgroups to their directories, by a walk through the whole tree when first asked.
class CgroupPaths {
public:
    // "cgroup:ID" for one that is gone; "" for 0.
    std::string path(uint64_t id);

private:
    std::unordered_map<uint64_t, std::string> paths_;
    bool walked_ = false;
};

// Whether text still means key: the file, the process has not been exchanged since.
bool is_current(const subject_key &key, const std::string &text);

} // namespace pinpipe::ctl
