// SPDX-License-Identifier: MIT
// ebpf-load: loads, attaches and pins programs, then exits.
#include "lib/pins/library_log.h"
#include "lib/system/trusted_path.h"
#include "tools/loader/actions.h"
#include "tools/loader/refusal.h"

#include <csignal>
#include <unistd.h>

using namespace pinpipe;

namespace {

Result<void> need_root(const loader::Command &command) {
    if (command.action == loader::Action::check || geteuid() == 0)
        return {};
    Error error = failure(command.action == loader::Action::load ? "loading needs root"
                                                                 : "unloading needs root");
    error.exit = Exit::not_permitted;
    return fail(std::move(error).with_hint("sudo ebpf-load ..."));
}

Result<int> run(int argc, char **argv) {
    auto parsed = parse_options(argc, argv, loader::usage);
    if (!parsed)
        return fail(parsed.error());
    if (const auto answered = answer_common(*parsed, loader::usage); !answered || *answered)
        return answered ? Result<int>(0) : fail(answered.error());
    auto command = loader::read_command(*parsed);
    if (!command)
        return fail(command.error());
    if (auto allowed = need_root(*command); !allowed)
        return fail(allowed.error());
    set_library_log(command->verbose);
    if (command->action == loader::Action::check) {
        const auto fine = loader::check(*command);
        return fine ? Result<int>(*fine ? 0 : static_cast<int>(Exit::failed)) : fail(fine.error());
    }
    auto pin_root = trusted_path(command->pin_root);
    if (!pin_root)
        return fail(pin_root.error());
    command->pin_root = std::move(*pin_root);
    std::signal(SIGPIPE, SIG_IGN); // a closed standard error must not end a load halfway
    auto done =
        command->action == loader::Action::load ? loader::load(*command) : loader::unload(*command);
    return done ? Result<int>(0) : fail(done.error());
}

} // namespace

int main(int argc, char **argv) {
    const auto status = run(argc, argv);
    return status ? *status
                  : report(loader::usage.tool, loader::without_false_privilege(status.error()));
}
