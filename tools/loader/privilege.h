// SPDX-License-Identifier: MIT
// Whether this process has the privileges that loading needs.
#pragma once

namespace pinpipe::loader {

enum class Privilege {
    all,
    no_root,
    user_namespace,  // root of a user namespace: its capabilities do not allow loading
    no_capabilities, // root without CAP_SYS_ADMIN or CAP_NET_ADMIN, as in most containers
};

Privilege own_privilege();

} // namespace pinpipe::loader
