// SPDX-License-Identifier: MIT
// The rules' programs at cgroups: several cgroups at once, also one below another.
//
// Of nested cgroups only the outermost judges (bpf/abi/rules.h: covered): so each call and each
// packet is judged and counted once.
#pragma once

#include "tools/loader/feature.h"
#include "tools/loader/labels.h"
#include "tools/loader/rule_programs.h"

#include <vector>

namespace pinpipe::loader {

class Rules : public Feature {
public:
    // Cgroups that are attached get this build's programs; those that no longer exist are freed.
    Result<void> plan(Run &run) override;
    Result<void> load(Run &run) override;
    Result<void> attach(Run &run) override;

    // Labels the sockets that exist.
    Result<void> publish(Run &run) override;
    void tell(const Run &run) const override;
    Result<void> check_unload(Run &run) override;
    Result<void> unload(Run &run) override;
    Result<bool> is_left(Run &run) override;

    bool is_there() const { return !places_.empty(); }

private:
    Result<void> plan_present(Run &run);
    Result<void> plan_wanted(const std::string &text);
    Result<void> attach_places(Run &run);

    std::vector<RulePlace> places_; // all that are attached, or will be
    Labels labels_;
    std::vector<uint64_t> unloaded_; // ids of the cgroups to unload
};

} // namespace pinpipe::loader
