// SPDX-License-Identifier: MIT
#include "tools/loader/refusal.h"

#include "tools/loader/privilege.h"

#include <cerrno>

namespace pinpipe::loader {
namespace {

bool has_privilege() {
    static const bool all = own_privilege() == Privilege::all;
    return all;
}

} // namespace

Error kernel_error(const std::string &doing, int code) {
    if ((code == EPERM || code == EACCES) && !has_privilege())
        return system_error(doing, code)
            .with_hint("run it outside the container, or with CAP_SYS_ADMIN and CAP_NET_ADMIN");
    Error error = failure("cannot " + doing + ": " + refusal_reason(code));
    error.code = code;
    return error;
}

Error kernel_error_to_check(const std::string &doing, int code) {
    Error error = kernel_error(doing, code);
    if (error.hint.empty())
        error.hint = "sudo ebpf-load --check; with -v: the kernel's log";
    return error;
}

Error nothing_loaded(std::string text) {
    Error error = failure(std::move(text));
    error.exit = Exit::not_loaded;
    return std::move(error).with_hint("ebpf-ctl status");
}

Error without_false_privilege(Error error) {
    if (error.exit == Exit::not_permitted && has_privilege())
        error.exit = Exit::failed;
    return error;
}

} // namespace pinpipe::loader
