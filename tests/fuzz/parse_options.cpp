// SPDX-License-Identifier: MIT
// Command lines of the tools: words ended by a NUL. The first byte says whose.
#include "tests/unit/support/arguments.h"
#include "tools/loader/options.h"
#include "tools/reader/options.h"

#include <cstdlib>

using namespace pinpipe;

namespace {

void check(const Error &error) {
    if (error.text.empty() || (error.exit != Exit::usage && error.exit != Exit::failed))
        abort();
}

void check(const Parsed &parsed) {
    const std::string &root = parsed.pin_root;
    if (root.empty() || root[0] != '/' || (root.size() > 1 && root.back() == '/'))
        abort();
}

void read_reader(const Parsed &parsed) {
    const auto request = reader::read_request(parsed);
    if (!request)
        return check(request.error());
    if (!request->streams || request->duration < 0)
        abort();
    if (!request->versions && request->streams == 1U << STREAM_ICMP) // nothing can match
        abort();
}

void read_loader(const Parsed &parsed) {
    const auto command = loader::read_command(parsed);
    if (!command)
        return check(command.error());
    if (command->action == loader::Action::load && command->xdp.empty() &&
        command->cgroups.empty() && !command->sockets)
        abort();
    for (const loader::XdpRequest &request : command->xdp)
        if (request.interface.empty() || request.interface.size() > 15)
            abort();
    const auto size = command->settings.ring_size;
    if (size && (*size & (*size - 1)))
        abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!size)
        return 0;
    std::vector<std::string> words;
    std::string rest(reinterpret_cast<const char *>(data) + 1, size - 1);
    while (!rest.empty() && words.size() < 16) {
        words.emplace_back(rest.c_str());
        rest.erase(0, words.back().size() + 1);
    }
    const bool loads = data[0] & 1;
    const Usage &usage = loads ? loader::usage : reader::usage;
    Arguments arguments(words);
    const auto parsed = parse_options(arguments.argc(), arguments.argv(), usage);
    if (!parsed) {
        check(parsed.error());
        return 0;
    }
    check(*parsed);
    loads ? read_loader(*parsed) : read_reader(*parsed);
    return 0;
}
