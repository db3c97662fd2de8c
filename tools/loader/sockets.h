// SPDX-License-Identifier: MIT
// The socket probes: programs on tracepoints or functions, one set at work at a time.
//
// A tracing link cannot get another program, and a second one beside it would count twice. So a new
// set is attached idle, and one write of maps/active switches from the old set to it
// (bpf/common/active_set.h).
#pragma once

#include "tools/loader/feature.h"
#include "tools/loader/socket_programs.h"

namespace pinpipe::loader {

class Sockets : public Feature {
public:
    // Probes that are there are brought up to date also where the command does not ask for them.
    // Their kind stays unless the command names one; new ones are of the best kind.
    Result<void> plan(Run &run) override;
    Result<void> load(Run &run) override;
    Result<void> attach(Run &run) override; // idle

    // Makes the new set the one at work, and finds the owners of the sockets that are there, and
    // who has watched ports.
    Result<void> publish(Run &run) override;
    void finish(Run &run) override;
    void tell(const Run &run) const override;
    Result<void> check_unload(Run &run) override;
    Result<void> unload(Run &run) override;
    Result<bool> is_left(Run &run) override;

    bool is_there() const { return outcome_ != Outcome::absent; }

private:
    enum class Outcome { absent, unchanged, attached, replaced };
    struct Hook {
        unsigned number = 0;
        hook_record record{};
        SocketProgram program;
        Fd link;
    };

    Result<void> find_set(Run &run);
    Result<void> find_present(Run &run);
    Result<void> attach_hook(Run &run, SocketProgram program);
    static Result<void> attach_list(Run &run, const SocketProgram &program);

    Outcome outcome_ = Outcome::absent;
    std::optional<ProbeKind> kind_;
    std::vector<hook_record> present_;    // of the set at work, where they really are
    std::vector<SocketProgram> programs_; // of the new set
    std::vector<Hook> hooks_;             // of the new set
    std::vector<unsigned> old_;           // hook numbers to free
    Fd active_;
    uint64_t before_ = 0; // number of the set at work
    uint64_t set_ = 0;    // of the new one
    uint64_t build_ = 0;
};

// Nothing of ours counts from here on; the links may go when they like.
void stop_sockets(const Pins &pins);

} // namespace pinpipe::loader
