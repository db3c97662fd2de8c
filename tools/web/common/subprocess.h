// SPDX-License-Identifier: MIT
// Other tools of ours, run for an answer: their output goes into memory, bounded in size and time,
// and nobody waits for it.
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

// A program at work; when it is done, what it printed.
class Subprocess : public Pending {
public:
    ~Subprocess() override;
    Subprocess() = default;
    Subprocess(const Subprocess &) = delete;
    Subprocess &operator=(const Subprocess &) = delete;

    int status() const { return status_; } // of exit(3); -1: it was ended
    std::string output() const;            // all of it
    size_t output_size() const;
    Fd take_output() { return std::move(output_); } // at its beginning
    // Its "tool: what went wrong", in one line.
    std::string complaint() const;
    // The same without the tool, with its hint.
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

    // nullptr: as many run as may.
    Result<std::shared_ptr<Subprocess>> start(const std::string &tool,
                                              const std::vector<std::string> &arguments);
    // Notes who is done, and ends who takes too long.
    void collect();
    // Readable when one is done.
    std::vector<int> handles() const;

private:
    std::vector<std::weak_ptr<Subprocess>> running_;
};

// Where a tool of ours is: beside this program, else wherever PATH says.
std::string tool_path(const std::string &tool);

} // namespace pinpipe::web
