// The shared maps and the reader slots: making, checking, repairing, who may use them.
#pragma once

#include "lib/base/undo.h"
#include "lib/pins/pins.h"

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

// Where a load builds what it has not yet put in place.
std::string stage_path(const Pins &pins);

class Layout {
public:
    // Opens what is pinned at pins and checks all of it. Slots and words that a member of the read
    // group froze, or that are missing, are replaced.
    static Result<Layout> open(const Pins &pins, const Settings &settings);

    // Makes a new one below stage: nothing is visible until publish().
    static Result<Layout> create(const Pins &pins, const Settings &settings);

    // Moves a new layout into its place, the abi record last. Does nothing for one that was opened.
    Result<void> publish(const Pins &pins, Undo &undo);

    // Owner, group and mode of every pin and directory; a group or a payload that was asked for
    // counts from here on.
    Result<void> protect(const Pins &pins, Undo &undo);

    const abi_record &abi() const { return abi_; }
    const Fd &map(const MapSpec &spec) const; // one of shared_maps
    bool is_new() const { return staged_; }
    uint32_t payload() const { return payload_; } // bytes: asked for, or what there was

    Result<hook_record> hook(unsigned number) const;
    Result<void> set_hook(unsigned number, const hook_record &record);

    // A free hook number; the one freed longest ago.
    Result<unsigned> free_hook();

    // Where its pins are now.
    std::string root(const Pins &pins) const { return staged_ ? stage_path(pins) : pins.root(); }

    // Tells readers that the hooks have changed.
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
    Fd abi_map_;
    std::vector<Fd> maps_ = std::vector<Fd>(shared_maps.size());
    gid_t group_ = 0; // asked for, or what there was
    gid_t admins_ = 0;
    uint32_t payload_ = 0;
    bool staged_ = false;
};

// Whatever an earlier load left half-made; nothing that is in use.
Result<void> clear_stage(const Pins &pins);

// Removes all pins, links first. The root itself stays.
Result<void> remove_all(const Pins &pins);

Result<gid_t> parse_group(const std::string &name);

} // namespace pinpipe::loader
