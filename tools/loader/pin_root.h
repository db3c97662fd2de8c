// The directory of all pins: a bpffs, mounted if need be, locked while this object lives.
#pragma once

#include "lib/error.h"
#include "lib/fd.h"
#include "tools/loader/undo.h"

#include <cstdint>
#include <string>

namespace pinpipe::loader {

class PinRoot {
public:
    // Makes and mounts what is missing, then waits for the lock: one loader at a time. What it made
    // is taken back through undo.
    static Result<PinRoot> prepare(const std::string &path, Undo &undo);

    // Locks what is there; Exit::not_loaded where there is no bpffs.
    static Result<PinRoot> open(const std::string &path);

    uint32_t made() const { return made_; } // ROOT_* of control.h

private:
    Fd lock_;
    uint32_t made_ = 0;
};

// Takes the mount and the directory away, as far as made (ROOT_*) says that the loader made them.
void remove_root(const std::string &path, uint32_t made);

// Whether path is on a bpffs.
bool on_bpffs(const std::string &path);

} // namespace pinpipe::loader
