// SPDX-License-Identifier: MIT
// Which program or map makes libbpf give up on an object. libbpf returns only an errno; its
// complaints begin with what they are about: "libbpf: prog 'see_fork': ...".
#pragma once

#include <bpf/libbpf.h>
#include <memory>
#include <string>

namespace pinpipe::loader {

struct Culprit {
    enum class Kind { none, program, map } kind = Kind::none;
    std::string name; // in the object
};

// The culprit that a complaint of libbpf's names.
Culprit culprit_of(const std::string &complaint);

// Loads the object. Negative: -errno, and the culprit of the last complaint. Complaints still go
// where libbpf_set_print() sends them.
int load_or_blame(bpf_object *object, Culprit &culprit);

} // namespace pinpipe::loader
