// SPDX-License-Identifier: MIT
// The rules of the policy, from ebpf-ctl rules, which is run when somebody looks at them, at most
// every two seconds.
#pragma once

#include "tools/web/common/subprocess.h"

namespace pinpipe::web {

class Rules {
public:
    explicit Rules(std::string pin_root) : pin_root_(std::move(pin_root)) {}

    // Returns what to wait for before text() and why() are fresh; nullptr if they are.
    std::shared_ptr<Pending> refresh(Subprocesses &subprocesses);
    const std::string &text() const { return text_; } // a JSON array; empty: see why()
    const std::string &why() const { return why_; }   // why there are no rules

private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds fresh{2};
    void take(const Subprocess &subprocess);

    const std::string pin_root_;
    std::shared_ptr<Subprocess> asked_;
    Clock::time_point taken_;
    std::string text_, why_ = "not asked for yet";
};

} // namespace pinpipe::web
