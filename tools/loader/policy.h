// The rules' programs at the edges of cgroups: several cgroups at once, also one below another.
//
// Of those, the outermost does the work of all (bpf/rules.h: covered): each call and each packet is
// judged and counted once.
#pragma once

#include "tools/loader/cgroups.h"
#include "tools/loader/labels.h"
#include "tools/loader/layout.h"

#include <string>
#include <vector>

namespace pinpipe::loader {

class Policy {
public:
    // Loads programs, touches nothing that is at work. Cgroups that are attached get this build's
    // programs; those whose cgroup is gone are freed.
    static Result<Policy> plan(const Pins &pins, const Layout &layout,
                               const std::vector<std::string> &wanted, Undo &undo);

    // Attaches new ones, updates the others in one step each.
    Result<void> attach(const Pins &pins, const Layout &layout, Undo &undo);

    // Labels the sockets that are there. After attach().
    Result<void> adopt() const { return labels_.adopt(); }

    bool is_there() const { return !places_.empty(); }

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
        Fd link; // of one that is there, or of the new one
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

    Result<void> plan_present(const Pins &pins, const Layout &layout);
    Result<void> plan_wanted(const std::string &text);
    static Result<void> load(const Pins &pins, const Layout &layout, Place &place, Undo &undo);
    static Result<void> attach_place(const Pins &pins, const Layout &layout, Place &place,
                                     Undo &undo);

    std::vector<Place> places_; // all that are attached, or will be
    Labels labels_;
};

// Takes them away from these cgroups, or from all. 0: none of them was there.
Result<unsigned> unload_cgroups(const Pins &pins, const std::vector<uint64_t> &ids);

} // namespace pinpipe::loader
