// SPDX-License-Identifier: MIT
#include "tools/loader/iterator_link.h"

#include "lib/pins/iterator.h"
#include "tools/loader/refusal.h"

#include <bpf/bpf.h>
#include <cerrno>

namespace pinpipe::loader {

bool is_iterator(const bpf_program *program) {
    return bpf_program__expected_attach_type(program) == BPF_TRACE_ITER;
}

Result<Fd> attach_iterator(const Fd &program, const Fd *map, const Component &component) {
    LIBBPF_OPTS(bpf_link_create_opts, options);
    bpf_iter_link_info info{};
    if (map) {
        info.map.map_fd = static_cast<__u32>(map->get());
        options.iter_info = &info;
        options.iter_info_len = sizeof info;
    }
    Fd link(bpf_link_create(program.get(), 0, BPF_TRACE_ITER, &options));
    if (!link.valid() || !Fd(bpf_iter_create(link.get())).valid())
        return fail(kernel_error_to_check(
            std::string("attach ") + component.name + " to " + component.where, errno));
    return link;
}

Result<void> run_iterator(const Fd &link, const char *doing) {
    const Fd list(bpf_iter_create(link.get()));
    if (!list.valid())
        return fail(kernel_error(doing, errno));
    return read_to_end(list, doing);
}

} // namespace pinpipe::loader
