// SPDX-License-Identifier: MIT
// What libbpf has to say: shown with -v only.
#pragma once

namespace pinpipe {

// Warnings and notes of libbpf, the verifier's log among them, go to stderr if verbose, else
// nowhere.
void set_library_log(bool verbose);

} // namespace pinpipe
