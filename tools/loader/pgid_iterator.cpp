// SPDX-License-Identifier: MIT
#include "tools/loader/pgid_iterator.h"

#include "tools/loader/iterator_link.h"
#include "tools/loader/object.h"
#include "tools/loader/rules.h"
#include "tools/loader/sockets.h"
#include "bpf/readers/pgid.skel.h"

#include <unistd.h>

namespace pinpipe::loader {
namespace {

constexpr Elf pgid_elf = {"pgid", pgid::elf_bytes};

} // namespace

// Each load replaces the iterator's program and pin.
Result<void> PgidIterator::attach(Run &run) {
    if (!sockets_.is_there() && !rules_.is_there())
        return {};
    run.layout.forget_refused(pgid_elf.name);
    const auto object = load_object({.elf = pgid_elf}, run);
    if (!object)
        return fail(object.error());
    for (const bpf_program *program : loaded_programs(*object)) {
        const auto kept = keep_program(program);
        if (!kept)
            return fail(kept.error());
        const Component &component = component_of(pgid_elf, program);
        const auto link = attach_iterator(kept->fd, &run.layout.map(wanted_map), component);
        if (link)
            return pin_over(*link, run.path(pgid_path), run.undo);
        run.go_on_without(component, link.error().code);
    }
    return {};
}

Result<void> PgidIterator::unload(Run &run) {
    const auto sockets = sockets_.is_left(run), rules = rules_.is_left(run);
    if (!sockets || !rules)
        return fail(sockets ? rules.error() : sockets.error());
    if (*sockets || *rules)
        return {};
    for (const char *path : {pgid_path, exes_map.path})
        unlink(run.pins.path(path).c_str());
    run.layout.forget_refused(pgid_elf.name);
    return {};
}

} // namespace pinpipe::loader
