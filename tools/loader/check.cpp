// SPDX-License-Identifier: MIT
// ebpf-load --check: what loading and reading need, and whether this machine has it.
#include "lib/base/output.h"
#include "lib/base/text_table.h"
#include "lib/event/json_line.h"
#include "lib/pins/components.h"
#include "lib/pins/pins.h"
#include "tools/loader/actions.h"
#include "tools/loader/finding.h"
#include "tools/loader/machine.h"
#include "tools/loader/probe_kind.h"
#include "tools/loader/probes.h"

#include <rapidjson/writer.h>
#include <string>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

const char *state_text(State state) {
    switch (state) {
    case State::ok: return "ok";
    case State::missing: return "missing";
    case State::no: return "no";
    case State::unknown: break;
    }
    return "unknown";
}

Finding check_loaded(const std::string &pin_root) {
    const auto abi = Pins(pin_root).abi();
    if (abi)
        return {"loaded", State::ok, "layout " + std::to_string(abi->version), ""};
    const Error &error = abi.error();
    return {"loaded", error.exit == Exit::failed ? State::missing : State::no,
            error.exit == Exit::not_loaded ? "nothing yet" : error.text, error.hint};
}

// Optional components that the kernel refused to earlier loads, and the consequence of each.
void add_refused(Findings &findings, const std::string &pin_root) {
    const auto abi = Pins(pin_root).abi();
    for (const Refused &refused : abi ? refused_components(*abi) : std::vector<Refused>())
        findings.push_back({refused.component->name, State::no,
                            refusal_reason(refused.code) + ": " + refused.component->without, ""});
}

Finding probe_finding(const Probe &probe) {
    switch (probe.grant) {
    case Grant::yes: return {probe.name, State::ok, "granted", ""};
    case Grant::refused: return {probe.name, State::no, "refused: " + reason(probe.code), ""};
    case Grant::absent: return {probe.name, State::no, "this kernel has none", ""};
    case Grant::never_runs: break;
    }
    if (std::string(probe.name) != "lsm")
        return {probe.name, State::no, "never fires, though it attaches", ""};
    return {probe.name, State::no, "never fires: bpf is not among the kernel's LSMs",
            "boot with lsm=...,bpf"};
}

Finding check_sockets(const std::vector<Probe> &probes) {
    const auto kind = best_probe_kind();
    if (!kind)
        return {"sockets", State::no, kind.error().text, ""};
    for (const Probe &probe : probes)
        if (std::string(probe.name) == "tp_btf" && !probe.granted())
            return {"sockets", State::no, "need tp_btf programs", ""};
    return {"sockets", State::ok, std::string(probe_kind_name(*kind)) + " probes", ""};
}

Finding check_rules() {
    const Probe probe = try_rules();
    if (probe.grant == Grant::refused)
        return {"rules", State::no, "refused: " + reason(probe.code), ""};
    if (!probe.granted())
        return {"rules", State::no, "need Linux 5.19", ""};
    const std::string packets = grants_lsm_cgroup() ? "" : ", but packet sockets stay open";
    return {"rules", State::ok, "for the processes of a cgroup" + packets, ""};
}

void check_grants(Findings &findings) {
    if (geteuid() != 0) {
        for (const char *name : {"probes", "sockets", "rules"})
            findings.push_back(ask_root(name));
        return;
    }
    const std::vector<Probe> probes = try_probes();
    for (const Probe &probe : probes)
        findings.push_back(probe_finding(probe));
    findings.push_back(check_sockets(probes));
    findings.push_back(check_rules());
}

void check_interfaces(Findings &findings) {
    for (const XdpSupport &support : xdp_support()) {
        std::string value = "generic";
        if (!support.native)
            value = "native if the driver has it (this kernel does not say), else generic";
        else if (*support.native)
            value = support.frags ? "native, with packets in several buffers" : "native";
        findings.push_back({"xdp " + support.interface, State::ok, value, ""});
    }
}

std::string text_of(const Findings &findings) {
    const TextColumn columns[] = {{"state", Align::left, 8},
                                  {"name", Align::left, 20, 1},
                                  {"value", Align::left, 0, 1},
                                  {"fix", Align::left, 0, 3}};
    std::string text;
    for (const Finding &finding : findings)
        text += text_line(columns, {state_text(finding.state), printable(finding.name),
                                    printable(finding.value),
                                    finding.fix.empty() ? "" : "-> " + printable(finding.fix)});
    return text;
}

std::string json_of(const Findings &findings) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    const auto field = [&](const char *key, const std::string &value) {
        writer.Key(key);
        const std::string text = json_string(value);
        writer.RawValue(text.data(), text.size(), rapidjson::kStringType);
    };
    writer.StartArray();
    for (const Finding &finding : findings) {
        writer.StartObject();
        field("name", finding.name);
        field("state", state_text(finding.state));
        field("value", finding.value);
        if (!finding.fix.empty())
            field("fix", finding.fix);
        writer.EndObject();
    }
    writer.EndArray();
    return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

} // namespace

Result<bool> check(const Command &command) {
    Findings findings = machine_findings(command.pin_root);
    findings.push_back(check_loaded(command.pin_root));
    add_refused(findings, command.pin_root);
    check_grants(findings);
    check_interfaces(findings);

    const auto written = write_output(command.json ? json_of(findings) : text_of(findings));
    if (!written)
        return fail(written.error());
    for (const Finding &finding : findings)
        if (finding.state == State::missing)
            return false;
    return true;
}

} // namespace pinpipe::loader
