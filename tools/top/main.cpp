// SPDX-License-Identifier: MIT
// ebpf-top: usage and ports events as live tables.
#include "lib/base/signals.h"
#include "tools/top/batch.h"
#include "tools/top/screen.h"

#include <cinttypes>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

using namespace pinpipe;

namespace {

Result<int> run(int argc, char **argv) {
    auto parsed = parse_options(argc, argv, top::usage);
    if (!parsed)
        return fail(parsed.error());
    if (const auto answered = answer_common(*parsed, top::usage); !answered || *answered)
        return answered ? Result<int>(0) : fail(answered.error());
    const auto request = top::read_request(*parsed);
    if (!request)
        return fail(request.error());
    if (isatty(STDIN_FILENO))
        return fail(usage_error("standard input is a terminal, not usage or ports events")
                        .with_hint("ebpf-read usage | ebpf-top"));
    std::setlocale(LC_CTYPE, "");
    if (MB_CUR_MAX == 1) // names are printed as UTF-8
        std::setlocale(LC_CTYPE, "C.UTF-8");
    catch_all_stop_signals();
    uint64_t bad = 0;
    const auto done = request->batch || !isatty(STDOUT_FILENO) ? top::run_batch(*request, bad)
                                                               : top::run_screen(*request, bad);
    if (!done)
        return fail(done.error());
    if (bad)
        std::fprintf(stderr, "ebpf-top: %" PRIu64 " line%s not understood\n", bad,
                     bad == 1 ? " was" : "s were");
    return 0;
}

} // namespace

int main(int argc, char **argv) {
    const auto status = run(argc, argv);
    return status ? *status : report(top::usage.tool, status.error());
}
