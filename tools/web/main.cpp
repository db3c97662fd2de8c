// SPDX-License-Identifier: MIT
// ebpf-web: shows events in a browser.
#include "lib/base/signals.h"
#include "tools/web/history/database.h"
#include "tools/web/model/input.h"
#include "tools/web/requests/server.h"

#include <cstdio>
#include <ctime>
#include <unistd.h>

using namespace pinpipe;

namespace {

// Whether standard input has events. If it is a terminal, only what other machines send is shown.
bool has_input() {
    if (!isatty(STDIN_FILENO))
        return true;
    std::fprintf(stderr,
                 "ebpf-web: standard input is a terminal: only rooms of other machines are shown\n"
                 "hint: ebpf-read all | ebpf-web\n");
    return false;
}

Result<void> look_at(const std::string &database) {
    if (database.empty())
        return {};
    if (auto good = web::check_database(database); !good)
        return good;
    if (!web::is_made(database))
        std::fprintf(stderr, "ebpf-web: %s\n", web::not_made(database).c_str());
    return {};
}

Result<void> show(const web::Request &request) {
    if (auto good = look_at(request.database); !good)
        return good;
    auto waker = web::Waker::make();
    if (!waker)
        return fail(waker.error());
    std::optional<web::Passwords> passwords;
    if (!request.password_file.empty()) {
        auto loaded = web::load_passwords(request.password_file);
        if (!loaded)
            return fail(loaded.error());
        passwords = std::move(*loaded);
    }
    web::Hub hub(std::to_string(std::time(nullptr)), [&] { waker->wake(); });
    const bool reads = has_input();
    web::Server server(request, std::move(passwords), hub, *waker, reads);
    if (auto opened = server.open(); !opened)
        return opened;
    std::unique_ptr<web::Input> input;
    if (reads) {
        auto opened = web::Input::open(STDIN_FILENO, hub);
        if (!opened)
            return fail(opened.error());
        input = std::move(*opened);
    }
    return server.run();
}

Result<int> run(int argc, char **argv) {
    auto parsed = parse_options(argc, argv, web::usage);
    if (!parsed)
        return fail(parsed.error());
    if (const auto answered = answer_common(*parsed, web::usage); !answered || *answered)
        return answered ? Result<int>(0) : fail(answered.error());
    const auto request = web::read_request(*parsed);
    if (!request)
        return fail(request.error());
    if (!request->make_password.empty()) {
        const auto made = web::make_password(request->make_password);
        return made ? Result<int>(0) : fail(made.error());
    }
    catch_stop_signals();
    if (const auto done = show(*request); !done)
        return fail(done.error());
    return 0;
}

} // namespace

int main(int argc, char **argv) {
    const auto status = run(argc, argv);
    return status ? *status : report(web::usage.tool, status.error());
}
