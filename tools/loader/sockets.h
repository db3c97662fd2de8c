// SPDX-License-Identifier: MIT
// The socket probes: programs at tracepoints or functions. One probe set is active at a time.
//
// The program of a tracing link cannot be replaced, and a second link beside it would count twice.
// So a new probe set is attached idle, and one write to maps/active switches from the old one to
// the new one (bpf/common/active_probe_set.h).
#pragma once

#include "tools/loader/feature.h"
#include "tools/loader/socket_programs.h"

namespace pinpipe::loader {

class Sockets : public Feature {
public:
    // Loaded probes are replaced by this build's even if the command does not ask for sockets. They
    // keep their kind unless the command names one; new probes are of the best kind.
    Result<void> plan(Run &run) override;
    Result<void> load(Run &run) override;
    Result<void> attach(Run &run) override; // idle

    // Makes the new probe set active; then finds the owners of existing sockets and of watched
    // ports.
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

    Result<void> find_probe_set(Run &run);
    Result<void> find_present(Run &run);
    Result<void> attach_hook(Run &run, SocketProgram program);
    static Result<void> attach_list(Run &run, const SocketProgram &program);

    Outcome outcome_ = Outcome::absent;
    std::optional<ProbeKind> kind_;
    std::vector<hook_record> present_; // of the active probe set, if the program is really attached
    std::vector<SocketProgram> programs_; // of the new probe set
    std::vector<Hook> hooks_;             // of the new probe set
    std::vector<unsigned> old_;           // hook numbers to free
    Fd active_;
    uint64_t before_ = 0;    // number of the active probe set
    uint64_t probe_set_ = 0; // number of the new one
    uint64_t build_ = 0;
};

// Makes no probe set active: nothing is counted from here on, even while links are still attached.
void stop_sockets(const Pins &pins);

} // namespace pinpipe::loader
