// SPDX-License-Identifier: MIT
// ebpf-store: stores events in an SQLite database and reports from it.
#include "lib/base/signals.h"
#include "tools/store/export.h"
#include "tools/store/ingest.h"
#include "tools/store/report.h"
#include "tools/store/upkeep.h"

#include <ctime>
#include <unistd.h>

using namespace pinpipe;

namespace {

Result<void> dispatch(const store::Request &request) {
    switch (request.command) {
    case store::Command::ingest: return store::ingest(request);
    case store::Command::report: return store::report_usage(request);
    case store::Command::prune: return store::prune(request);
    case store::Command::export_all: return store::export_all(request);
    case store::Command::check: return store::check(request);
    }
    return {};
}

Result<int> run(int argc, char **argv) {
    auto parsed = parse_options(argc, argv, store::usage);
    if (!parsed)
        return fail(parsed.error());
    if (const auto answered = answer_common(*parsed, store::usage); !answered || *answered)
        return answered ? Result<int>(0) : fail(answered.error());
    const auto request = store::read_request(*parsed, std::time(nullptr) * 1'000'000LL);
    if (!request)
        return fail(request.error());
    if (request->command == store::Command::ingest && isatty(STDIN_FILENO))
        return fail(usage_error("standard input is a terminal: it takes events")
                        .with_hint("ebpf-read usage | ebpf-store DB"));
    catch_stop_signals();
    if (const auto done = dispatch(*request); !done)
        return fail(done.error());
    return 0;
}

} // namespace

int main(int argc, char **argv) {
    const auto status = run(argc, argv);
    return status ? *status : report(store::usage.tool, status.error());
}
