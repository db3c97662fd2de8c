// SPDX-License-Identifier: MIT
// The shared maps and the reader slots: making, checking, repairing, who may use them.
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

// What the command line asks of the layout; what it leaves open is kept, or has a default.
struct Settings {
    std::optional<uint32_t> readers;
    std::optional<uint32_t> ring_size;
    std::optional<gid_t> group;
    std::optional<gid_t> admins;
    std::optional<uint32_t> payload; // bytes
};

class Layout {
public:
    // Opens what is pinned at pins and checks all of it. Slots and words that a member of the read
    // group froze, or that are missing, are replaced.
    static Result<Layout> open(const Pins &pins, const Settings &settings);

    // Makes a new one below stage: nothing is visible until publish().
    static Result<Layout> create(const Pins &pins, const Settings &settings);

    // Moves a new layout into its place, the abi record last. Does nothing for one that was opened.
    Result<void> publish(const Pins &pins, Undo &undo);

    // Owner, group and mode of every pin and directory. A group or a payload that was asked for,
    // and what was refused, count from here on.
    Result<void> protect(const Pins &pins, Undo &undo);

    const abi_record &abi() const { return abi_; }
    const Fd &map(const MapSpec &spec) const; // one of shared_maps
    bool is_new() const { return staged_; }

    // What this run has changed of who may read and who may edit rules, a sentence each.
    std::vector<std::string> access_changes() const;
    uint32_t payload() const { return payload_; } // bytes: asked for, or what there was

    // errno with which the kernel refused an optional component; 0: granted, or not asked for. What
    // is set here is written by protect() and announce().
    int refused(unsigned number) const { return refused_.at(number); }
    void set_refused(unsigned number, int code);
    void forget_refused(std::string_view object); // it is loaded anew, or taken away

    Result<hook_record> hook(unsigned number) const;
    Result<void> set_hook(unsigned number, const hook_record &record);

    // A free hook number; the one freed longest ago.
    Result<unsigned> free_hook();

    // Where its pins are now.
    std::string root(const Pins &pins) const { return staged_ ? stage_path(pins) : pins.root(); }

    // Tells readers that the hooks have changed, and what is refused now.
    void announce();

private:
    Result<void> make_maps(const std::string &root);
    Result<void> make_slots(const std::string &root, const std::vector<__u32> &slots);
    Result<void> repair_slots(const Pins &pins);
    Result<void> repair_wanted(const Pins &pins);
    Result<void> write_abi();
    Result<void> set_modes(const std::string &root) const;
    Fd &held(const MapSpec &spec);

    abi_record abi_{};
    gid_t group_before_ = 0, admins_before_ = 0;
    Fd abi_map_;
    std::vector<Fd> maps_ = std::vector<Fd>(shared_maps.size());
    gid_t group_ = 0; // asked for, or what there was
    gid_t admins_ = 0;
    uint32_t payload_ = 0;
    std::array<__u16, OPTIONALS> refused_{}; // as this run leaves it
    bool staged_ = false;
};

// A group by its name or its number.
Result<gid_t> parse_group(const std::string &name);

} // namespace pinpipe::loader
