// SPDX-License-Identifier: MIT
// The pinned maps of bpf/abi/, opened and checked.
//
// A map's type, sizes and flags are checked before anything is read from it: pins of another
// layout, or of another program under our names, are refused.
#pragma once

#include "bpf/abi/control.h"
#include "bpf/abi/rules.h"
#include "bpf/abi/usage.h"
#include "bpf/abi/watches.h"
#include "lib/base/error.h"
#include "lib/base/fd.h"
#include "lib/base/mapping.h"
#include "lib/pins/map_specs.h"

#include <cstdint>
#include <string>

namespace pinpipe {

enum class Access { read, write };

class Pins {
public:
    explicit Pins(std::string root) : root_(std::move(root)) {}

    const std::string &root() const { return root_; }
    std::string path(const std::string &below) const { return root_ + "/" + below; }
    std::string reader(unsigned slot) const { return path("readers/" + std::to_string(slot)); }
    std::string link(unsigned hook) const { return path("links/" + std::to_string(hook)); }
    std::string sent_link(unsigned hook) const { // the tc program of HOOK_SENT
        return path("sent/" + std::to_string(hook));
    }
    std::string admin(const MapSpec &spec) const {
        return path(std::string(admin_path) + "/" + spec.name);
    }

    // Opens and checks the map at spec.path.
    Result<Fd> open(const MapSpec &spec, Access access) const;

    // The abi record, from a map of the right shape with the right magic and version. If nothing is
    // pinned, the error has Exit::not_loaded.
    Result<abi_record> abi() const;

private:
    std::string root_;
};

// Opens and checks one map by its path.
Result<Fd> open_map(const std::string &path, const MapSpec &spec, Access access);

// Fails, with a hint, if the map has another shape than spec.
Result<void> check_map(int fd, const MapSpec &spec, const std::string &path);

// Whether the map is frozen (BPF_MAP_FREEZE): user space can no longer change it.
bool is_frozen(int map);

// Maps an open BPF_F_MMAPABLE array for reading and writing. A frozen map is reported as such. (A
// map that was opened read-only cannot be mapped at all: the kernel requires a shared mapping that
// may be written.)
Result<Mapping> map_array(const Fd &map, size_t size, const std::string &path);

// Copies element index of an array map. The value must have the map's value size. path: for the
// error.
Result<void> read_bytes(const Fd &map, uint32_t index, void *value, const std::string &path);
template <class T>
Result<void> read_element(const Fd &map, uint32_t index, T &value, const std::string &path) {
    return read_bytes(map, index, &value, path);
}

// " --pin-root DIR" for a command in a hint; empty for the default one.
std::string pin_root_option(const std::string &pin_root);

// The error that nothing is loaded. what: the options of ebpf-load that would load it.
Error not_loaded(const std::string &pin_root, const std::string &what = "--xdp IFACE");

} // namespace pinpipe
