// SPDX-License-Identifier: MIT
// ebpf-ctl: shows what is loaded, changes rules and watches.
#include "tools/ctl/command_line.h"

int main(int argc, char **argv) {
    using namespace pinpipe;
    const auto done = ctl::run(argc, argv);
    return done ? 0 : report(ctl::usage.tool, done.error());
}
