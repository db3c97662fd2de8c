// ebpf-ctl: what is loaded.
#include "lib/library_log.h"
#include "lib/output.h"
#include "lib/signals.h"
#include "tools/ctl/status.h"

using namespace pinpipe;

namespace {

enum : int { opt_json = own_options };

constexpr Option options[] = {
    {opt_json, "json", 0, nullptr, "status as one line of JSON"},
};

constexpr Usage usage = {
    .tool = "ebpf-ctl",
    .synopsis = "ebpf-ctl status [--json]",
    .summary =
        "Show what is pinned and attached, who reads, and what is lost. The read group may; only\n"
        "root sees the links of other network namespaces.",
    .options = options,
    .closing = "See ebpf-ctl(8).",
};

Result<void> status(const Parsed &parsed) {
    const auto gathered = ctl::gather_status(parsed.pin_root);
    if (!gathered)
        return fail(gathered.error());
    const std::string text =
        parsed.has(opt_json) ? ctl::status_json(*gathered) : ctl::status_text(*gathered);
    const auto written = write_output(text);
    return written ? Result<void>() : fail(written.error());
}

struct Subcommand {
    const char *name;
    Result<void> (*run)(const Parsed &parsed);
};

constexpr Subcommand subcommands[] = {
    {"status", status},
};

Result<void> run(int argc, char **argv) {
    auto parsed = parse_options(argc, argv, usage);
    if (!parsed)
        return fail(parsed.error());
    if (const auto answered = answer_common(*parsed, usage); !answered || *answered)
        return answered ? Result<void>() : fail(answered.error());
    catch_stop_signals();
    set_library_log(parsed->verbose);
    const std::string name = parsed->operands.empty() ? "" : parsed->operands[0];
    for (const Subcommand &subcommand : subcommands) {
        if (name != subcommand.name)
            continue;
        if (parsed->operands.size() > 1)
            return fail(usage_error("unexpected argument '" + parsed->operands[1] + "'")
                            .with_hint("ebpf-ctl --help"));
        return subcommand.run(*parsed);
    }
    return fail(usage_error(name.empty() ? "no command given" : "no command '" + name + "'")
                    .with_hint("ebpf-ctl --help"));
}

} // namespace

int main(int argc, char **argv) {
    const auto done = run(argc, argv);
    return done ? 0 : report(usage.tool, done.error());
}
