// SPDX-License-Identifier: MIT
// ebpf-read: pinned ring buffers as NDJSON.
#include "lib/base/signals.h"
#include "lib/pins/library_log.h"
#include "tools/reader/greeting.h"

#include <cinttypes>
#include <cstdio>
#include <unistd.h>

using namespace pinpipe;

namespace {

void sum_up(const reader::Ending &ending, uint64_t left_out) {
    if (ending.closed)
        return;
    std::fprintf(stderr, "ebpf-read: %" PRIu64 " event%s, %" PRIu64 " lost\n", ending.events,
                 ending.events == 1 ? "" : "s", ending.lost);
    if (left_out && isatty(STDERR_FILENO))
        std::fprintf(stderr,
                     "ebpf-read: %" PRIu64 " event%s of this pipeline left out; --include-self "
                     "shows them\n",
                     left_out, left_out == 1 ? "" : "s");
}

Result<int> run(int argc, char **argv) {
    auto parsed = parse_options(argc, argv, reader::usage);
    if (!parsed)
        return fail(parsed.error());
    if (const auto answered = answer_common(*parsed, reader::usage); !answered || *answered)
        return answered ? Result<int>(0) : fail(answered.error());
    auto request = reader::read_request(*parsed);
    if (!request)
        return fail(request.error());
    catch_stop_signals();
    set_library_log(request->verbose);
    auto reader = reader::Reader::open(*request);
    if (!reader)
        return fail(reader.error());
    if (const auto greeted = reader::greet(*reader, *request); !greeted)
        return fail(greeted.error());
    if (request->verbose)
        std::fprintf(stderr, "ebpf-read: reader slot %d, %s\n", reader->slot(),
                     printable(reader->description()).c_str());

    reader::Ending ending;
    const auto done = reader->run(ending);
    sum_up(ending, reader->left_out());
    if (!done)
        return fail(done.error());
    if (ending.unloaded) {
        Error error = failure("unloaded while reading");
        error.exit = Exit::not_loaded;
        return fail(std::move(error));
    }
    return 0;
}

} // namespace

int main(int argc, char **argv) {
    const auto status = run(argc, argv);
    return status ? *status : report(reader::usage.tool, status.error());
}
