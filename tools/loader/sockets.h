// The socket probes: programs on tracepoints, one set at work at a time.
//
// A tracing link cannot get another program, and a second one beside it would count twice. So a new
// set is attached idle, and one write of maps/active switches from the old set to it
// (bpf/switch.h).
#pragma once

#include "tools/loader/layout.h"

#include <optional>

namespace pinpipe::loader {

enum class ProbeKind { tracepoint, fentry, kprobe };

std::optional<ProbeKind> parse_probe_kind(const std::string &name);
const char *probe_kind_name(ProbeKind kind);

// The best kind that this kernel grants. Needs root. None: the reason and what helps.
Result<ProbeKind> best_probe_kind();

class Sockets {
public:
    enum class Outcome { absent, unchanged, attached, replaced };

    // Loads all programs, touches nothing that is at work. wanted: on the command line; else they
    // are brought up to date only if they are there. kind: none: what there is, or else the best.
    // Maps are made, or those of before are used.
    static Result<Sockets> plan(const Pins &pins, Layout &layout, bool wanted,
                                std::optional<ProbeKind> kind, Undo &undo);

    // Attaches and pins the new set, idle.
    Result<void> attach(const Pins &pins, Layout &layout, Undo &undo);

    // Makes the new set the one at work. After the layout was published.
    Result<void> start(Undo &undo);

    // Finds the owners of the sockets that are there, and who has watched ports. After start().
    Result<void> look(const Pins &pins) const;

    // Takes the old set away.
    void finish(const Pins &pins, Layout &layout) const;

    Outcome outcome() const { return outcome_; }
    ProbeKind kind() const { return kind_; }

private:
    struct Hook {
        unsigned number = 0;
        hook_record record{};
        Fd program, link;
        std::string function; // of a kprobe; else empty
        bool at_return = false;
    };
    static Fd attach_program(const Hook &hook);
    Result<void> load(const Pins &pins, const Layout &layout, Undo &undo);

    Outcome outcome_ = Outcome::absent;
    ProbeKind kind_ = ProbeKind::tracepoint;
    std::vector<Hook> hooks_;     // of the new set
    std::vector<unsigned> old_;   // hook numbers to free
    Fd iterator_, iterator_link_; // the list of bound sockets
    Fd active_;
    uint64_t before_ = 0; // number of the set at work
    uint64_t set_ = 0;    // of the new one
};

// Takes the socket probes and their maps away. False: they are not there.
Result<bool> unload_sockets(const Pins &pins, Layout &layout);

// Nothing of ours counts from here on; the links may go when they like.
void stop_sockets(const Pins &pins);

} // namespace pinpipe::loader
