// SPDX-License-Identifier: MIT
// Community ID v1 (github.com/corelight/community-id-spec): one name for a flow across tools.
#pragma once

#include "bpf/abi/events.h"

namespace pinpipe {

// Writes `1:…`, 30 bytes; returns the end.
char *put_community_id(char *to, const icmp_record &record);

// The same; both addresses and ports must be known.
char *put_community_id(char *to, const socket_record &record);

} // namespace pinpipe
