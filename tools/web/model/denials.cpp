// SPDX-License-Identifier: MIT
#include "tools/web/model/denials.h"

#include "lib/rules/named_process.h"
#include "tools/web/model/event.h"

#include <algorithm>

namespace pinpipe::web {
namespace {

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._/:@%+=-").find(c) != std::string_view::npos;
}

// The word quoted for a shell. Empty if it has characters that a person could not see.
std::string quoted(const std::string &word) {
    if (word.empty() ||
        !std::all_of(word.begin(), word.end(), [](char c) { return c >= ' ' && c < '\x7f'; }))
        return "";
    if (std::all_of(word.begin(), word.end(), is_plain))
        return word;
    std::string out = "'";
    for (const char c : word)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

} // namespace

void Denials::take(const Event &event, const Now &now) {
    const NeededRule needed = needed_rule_of(event);
    Denial denial{.comm = std::string(event.text<"comm">()),
                  .proto = std::string(event.text<"proto">()),
                  .rule = std::string(event.text<"rule">()),
                  .remote = std::string(event.text<"remote_ip">()),
                  .pid = event.number<"pid">(),
                  .port = needed.port,
                  .sides = needed.sides,
                  .to = std::string(needed.to),
                  .audit = event.text<"action">() == "audit"};
    std::string key;
    for (const std::string &part :
         {denial.comm, denial.proto, denial.rule, std::to_string(denial.port),
          std::to_string(denial.sides), denial.to, std::to_string(denial.audit)})
        key.append(part).push_back('\0');
    Denial &known = denials_.touch(key);
    denial.count = known.count + 1;
    denial.last = now.ms;
    known = std::move(denial);
}

std::string allow_command(const Denial &denial) {
    const auto proto = rule_proto_of(denial.proto);
    const bool icmp = proto == RULE_ICMP;
    // Of which cgroup or user rules of "any" are is not known: a rule by name adds to them.
    const bool by_name = denial.rule.empty() || denial.rule == "any";
    const std::string process = quoted(by_name ? name_text(denial.comm) : denial.rule);
    if (process.empty() || !proto || !(icmp || denial.port))
        return "";
    std::string command = "ebpf-ctl allow ";
    command += icmp ? "icmp " : std::to_string(denial.port) + (proto == RULE_UDP ? "/udp " : " ");
    if (!icmp && denial.sides != both_sides)
        command += std::string("--") + side_word(denial.sides) + " ";
    if (!icmp && !denial.to.empty())
        command += "--to " + denial.to + " ";
    return command + (process[0] == '-' ? "-- " : "") + process;
}

} // namespace pinpipe::web
