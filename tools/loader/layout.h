// SPDX-License-Identifier: MIT
// The layout: the shared maps and the reader slots. Makes, checks and repairs them, and sets who
// may use them.
#pragma once

#include "lib/base/undo.h"
#include "lib/pins/components.h"
#include "lib/pins/pins.h"
#include "tools/loader/stage.h"

#include <array>
#include <optional>
#include <vector>

namespace pinpipe::loader {

inline constexpr uint32_t default_readers = 8;
inline constexpr uint32_t default_ring_size = 1 << 21;
inline constexpr uint32_t least_ring_size = 1 << 14;
inline constexpr uint32_t most_ring_size = 1 << 28;

// Settings of the layout from the command line. One that is not given keeps its value, or has a
// default in a new layout.
struct Settings {
    std::optional<uint32_t> readers;
    std::optional<uint32_t> ring_size;
    std::optional<gid_t> group;
    std::optional<gid_t> admins;
    std::optional<uint32_t> payload; // bytes
};

class Layout {
public:
    // Opens and checks the layout that is pinned at pins. Replaces reader slots that are missing or
    // that a member of the read group froze, and the map "wanted" if it is frozen.
    static Result<Layout> open(const Pins &pins, const Settings &settings);

    // Makes a new layout below the stage: nothing is visible until publish().
    static Result<Layout> create(const Pins &pins, const Settings &settings);

    // Moves a new layout into its place, the abi record last. Does nothing for an opened layout.
    Result<void> publish(const Pins &pins, Undo &undo);

    // Sets owner, group and mode of every pin and directory. From here on the groups and the
    // payload of the command are in force, and the abi record says what was refused.
    Result<void> protect(const Pins &pins, Undo &undo);

    const abi_record &abi() const { return abi_; }
    const Fd &map(const MapSpec &spec) const; // one of shared_maps
    bool is_new() const { return staged_; }

    // The changes of this run to the groups that may read and edit rules, a sentence each.
    std::vector<std::string> access_changes() const;
    uint32_t payload() const { return payload_; } // bytes: as asked for, or as before

    // The errno with which the kernel refused an optional component; 0: it was granted, or not
    // loaded. protect() and announce() write what is set here.
    int refused(unsigned number) const { return refused_.at(number); }
    void set_refused(unsigned number, int code);
    void forget_refused(std::string_view object); // it is loaded again, or removed

    Result<hook_record> hook(unsigned number) const;
    Result<void> set_hook(unsigned number, const hook_record &record);

    // A free hook number. Numbers are given out in turn, so a freed one is used again late.
    Result<unsigned> free_hook();

    // The directory of the layout's pins: the stage until publish(), then the pin root.
    std::string root(const Pins &pins) const { return staged_ ? stage_path(pins) : pins.root(); }

    // Lets readers know that the hooks have changed, and what is refused now.
    void announce();

private:
    Result<void> make_maps(const std::string &root);
    Result<void> make_slots(const std::string &root, const std::vector<__u32> &slots);
    Result<void> repair_slots(const Pins &pins);
    Result<void> repair_wanted(const Pins &pins);
    Result<void> write_abi();
    Result<void> mark_refused(const std::string &root) const;
    Result<void> set_modes(const std::string &root) const;
    Fd &held(const MapSpec &spec);

    abi_record abi_{};
    gid_t group_before_ = 0, admins_before_ = 0;
    Fd abi_map_;
    std::vector<Fd> maps_ = std::vector<Fd>(shared_maps.size());
    gid_t group_ = 0; // as asked for, or as before
    gid_t admins_ = 0;
    uint32_t payload_ = 0;
    std::array<__u16, OPTIONALS> refused_{}; // errno each, as this run leaves them
    bool staged_ = false;
};

// The id of a group that is given by its name or its number.
Result<gid_t> parse_group(const std::string &name);

} // namespace pinpipe::loader
