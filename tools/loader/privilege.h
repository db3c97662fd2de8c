// SPDX-License-Identifier: MIT
// What this process may do, as far as loading has to do with it.
#pragma once

namespace pinpipe::loader {

enum class Privilege {
    all,
    no_root,
    user_namespace,  // root of one: its capabilities load nothing
    no_capabilities, // root without CAP_SYS_ADMIN or CAP_NET_ADMIN, as in most containers
};

Privilege own_privilege();

} // namespace pinpipe::loader
