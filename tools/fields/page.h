// SPDX-License-Identifier: MIT
// The list of fields in pinpipe-events(5).
#pragma once

#include <string>

namespace pinpipe::fields_tool {

// mdoc: of each event_type the names in the order in which ebpf-read writes them, with their types.
std::string page_list();

} // namespace pinpipe::fields_tool
