// SPDX-License-Identifier: MIT
// The program or map because of which libbpf cannot load an object. libbpf returns only an errno,
// but its warnings begin with the name: "libbpf: prog 'see_fork': ...".
#pragma once

#include <bpf/libbpf.h>
#include <memory>
#include <string>

namespace pinpipe::loader {

struct Culprit {
    enum class Kind { none, program, map } kind = Kind::none;
    std::string name; // in the object
};

// The program or map that a warning of libbpf names.
Culprit culprit_of(const std::string &complaint);

// Loads the object. Returns 0, or -errno; culprit is then what the last warning named. Warnings
// still reach the function that was set with libbpf_set_print().
int load_or_blame(bpf_object *object, Culprit &culprit);

} // namespace pinpipe::loader
