// SPDX-License-Identifier: MIT
#include "tools/reader/greeting.h"

#include "tools/reader/filter.h"

#include <cstdio>
#include <unistd.h>

namespace pinpipe::reader {
namespace {

constexpr uint32_t bit(unsigned stream) {
    return 1U << stream;
}

constexpr uint32_t streams_of_processes =
    bit(STREAM_TCP) | bit(STREAM_UDP) | bit(STREAM_CONN) | bit(STREAM_BIND) | bit(STREAM_DENY);

struct Cause {
    uint32_t streams;
    const char *text;
};
constexpr Cause causes[] = {
    {bit(STREAM_ICMP), "ping this machine from another one, or another one from here"},
    {bit(STREAM_TCP) | bit(STREAM_CONN), "fetch a page, as curl does"},
    {bit(STREAM_UDP), "look up a name, as dig does"},
    {bit(STREAM_BIND), "start a server"},
    {bit(STREAM_DENY), "let a process with rules use a port that they do not allow"},
    {bit(STREAM_USAGE), "let any program use the network"},
    {bit(STREAM_PORTS), "connect to a port that is watched"},
};

void say_what_is_left_out(const Reader &reader, const Request &request) {
    if (leaves_out_self(request) && reader.streams() & streams_of_processes)
        std::fprintf(stderr, "ebpf-read: events of this pipeline itself are left out; "
                             "--include-self shows them too\n");
}

} // namespace

std::string how_to_cause(uint32_t streams) {
    for (const Cause &cause : causes)
        if (streams & cause.streams)
            return std::string(cause.text) + ".";
    return "use the network.";
}

Result<void> greet(const Reader &reader, const Request &request) {
    if (isatty(STDERR_FILENO)) {
        std::fprintf(stderr,
                     "ebpf-read: waiting for %s. Ctrl-C ends.\n"
                     "ebpf-read: To see some, %s\n",
                     printable(reader.description()).c_str(),
                     how_to_cause(reader.streams()).c_str());
        say_what_is_left_out(reader, request);
    }
    const auto nothing = reader.watches_nothing();
    if (!nothing)
        return fail(nothing.error());
    if (*nothing && !request.all) {
        std::fprintf(stderr, "ebpf-read: no port is watched\n");
        say_hint("ebpf-ctl watch PORT");
    }
    return {};
}

} // namespace pinpipe::reader
