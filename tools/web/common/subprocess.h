// SPDX-License-Identifier: MIT
// Other pinpipe tools, run to answer a request. Their output goes to memory, with bounds on size
// and time, and no thread waits for them.
#pragma once

#include "lib/base/error.h"
#include "lib/base/fd.h"
#include "tools/web/common/pending.h"

#include <chrono>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace pinpipe::web {

class Subprocesses;

// A running tool; once it is done, its exit status and output.
class Subprocess : public Pending {
public:
    ~Subprocess() override;
    Subprocess() = default;
    Subprocess(const Subprocess &) = delete;
    Subprocess &operator=(const Subprocess &) = delete;

    int status() const { return status_; } // of exit(3); -1: killed by a signal
    std::string output() const;
    size_t output_size() const;
    Fd take_output() { return std::move(output_); } // file position: the beginning
    // The first line of its error output: "tool: what went wrong".
    std::string complaint() const;
    // The same as an Error: without the tool's name, with its hint.
    Error error() const;

private:
    friend class Subprocesses;
    void end();

    Fd output_, errors_, handle_;
    pid_t pid_ = -1;
    int status_ = -1;
    std::chrono::steady_clock::time_point until_;
};

class Subprocesses {
public:
    static constexpr size_t most = 4;
    static constexpr size_t most_output = 32 << 20;
    static constexpr std::chrono::seconds longest{20};

    // nullptr if `most` are running already.
    Result<std::shared_ptr<Subprocess>> start(const std::string &tool,
                                              const std::vector<std::string> &arguments);
    // Marks those that have ended as done, and kills those that take too long.
    void collect();
    // File descriptors to poll: each becomes readable when its subprocess ends.
    std::vector<int> handles() const;

private:
    std::vector<std::weak_ptr<Subprocess>> running_;
};

// The path of a pinpipe tool: beside this program, else its bare name, for PATH.
std::string tool_path(const std::string &tool);

} // namespace pinpipe::web
