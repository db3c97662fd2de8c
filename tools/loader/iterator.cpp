#include "tools/loader/iterator.h"

#include "lib/pins/iterator.h"
#include "tools/loader/object.h"
#include "bpf/readers/session.skel.h"

#include <bpf/bpf.h>
#include <cerrno>

namespace pinpipe::loader {

bool is_iterator(const bpf_program *program) {
    return bpf_program__expected_attach_type(program) == BPF_TRACE_ITER;
}

Result<Fd> attach_iterator(const Fd &program, const Fd *map, const char *doing) {
    LIBBPF_OPTS(bpf_link_create_opts, options);
    bpf_iter_link_info info{};
    if (map) {
        info.map.map_fd = static_cast<__u32>(map->get());
        options.iter_info = &info;
        options.iter_info_len = sizeof info;
    }
    Fd link(bpf_link_create(program.get(), 0, BPF_TRACE_ITER, &options));
    if (!link.valid())
        return fail(system_error(doing, errno));
    return link;
}

Result<void> run_iterator(const Fd &link, const char *doing) {
    const Fd list(bpf_iter_create(link.get()));
    if (!list.valid())
        return fail(system_error(doing, errno));
    return read_to_end(list, doing);
}

Result<void> provide_session(const Pins &pins, const Layout &layout, Undo &undo) {
    const char *const doing = "load what tells readers their session";
    const auto object = open_object({"session", session::elf_bytes});
    if (!object)
        return fail(object.error());
    if (const int code = bpf_object__load(object->get()); code != 0)
        return fail(system_error(doing, -code));
    const Fd program = keep_program(bpf_object__next_program(object->get(), nullptr));
    const auto link = attach_iterator(program, &layout.map(wanted_map), doing);
    if (!link)
        return fail(link.error());
    return pin_over(*link, layout.root(pins) + "/" + session_path, undo);
}

} // namespace pinpipe::loader
