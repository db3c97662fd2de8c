// The rules' programs at the edges of cgroups: several cgroups at once, also one below another.
//
// Of those, the outermost does the work of all (bpf/rules.h: covered): each call and each packet is
// judged and counted once.
#pragma once

#include "tools/loader/layout.h"

#include <string>
#include <vector>

namespace pinpipe::loader {

struct Cgroup {
    uint64_t id = 0;
    std::string path; // empty: it is gone
};

// A directory of cgroup2, or the id of one that may be gone.
Result<Cgroup> find_cgroup(const std::string &text);

class Policy {
public:
    // Loads programs, touches nothing that is at work. Cgroups that are attached get this build's
    // programs; those whose cgroup is gone are freed.
    static Result<Policy> plan(const Pins &pins, Layout &layout,
                               const std::vector<std::string> &wanted, Undo &undo);

    // Attaches new ones, updates the others in one step each.
    Result<void> attach(const Pins &pins, const Layout &layout, Undo &undo);

    // Labels the sockets that are there. After attach().
    Result<void> adopt() const;

    struct Told {
        std::string path;
        const char *what; // "attached"
        bool wanted;
    };
    std::vector<Told> told() const;

private:
    struct Hook {
        std::string name; // "connect4"
        Fd program;
        Fd link; // of one that is there
        uint32_t before = 0;
        int attach_type = 0;
    };
    struct Place {
        unsigned number = 0;
        Cgroup cgroup;
        cgroup_record record{};
        std::vector<Hook> hooks; // to be attached or updated
        bool is_new = false;
        bool wanted = false;
    };

    static Result<void> load(const Pins &pins, const Layout &layout, Place &place, Policy &policy,
                             Undo &undo);
    Result<void> attach_place(const Pins &pins, const Layout &layout, Place &place, Undo &undo);
    Result<void> cover(const Pins &pins, const Layout &layout) const;

    Result<void> attach_probes(const Pins &pins, const Layout &layout, Undo &undo);

    std::vector<Place> places_; // all that are attached, or will be
    std::vector<Hook> probes_;  // on tracepoints, for all cgroups
    Fd iterator_;
};

// Takes them away from these cgroups, or from all. 0: none of them was there.
Result<unsigned> unload_cgroups(const Pins &pins, const std::vector<uint64_t> &ids);

// Records of the cgroups that are attached; nothing pinned: none.
Result<std::vector<std::pair<unsigned, cgroup_record>>> attached_cgroups(const Pins &pins);

} // namespace pinpipe::loader
