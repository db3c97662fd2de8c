// SPDX-License-Identifier: MIT
// Messages of libbpf: shown only with -v.
#pragma once

namespace pinpipe {

// If verbose, warnings and messages of libbpf, with the verifier's log, go to stderr; else they are
// dropped.
void set_library_log(bool verbose);

} // namespace pinpipe
