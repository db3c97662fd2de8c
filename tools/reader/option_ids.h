// SPDX-License-Identifier: MIT
// The numbers by which options stand in Parsed.
#pragma once

#include "lib/base/options.h"

namespace pinpipe::reader {

enum : int {
    opt_host = own_options,
    opt_proto,
    opt_if,
    opt_direction,
    opt_pid,
    opt_comm,
    opt_port,
    opt_by,
    opt_interval,
    opt_since_load,
    opt_count,
    opt_time,
    opt_host_name,
    opt_community_id,
    opt_no_payload,
    opt_hex,
    opt_include_self
};

} // namespace pinpipe::reader
