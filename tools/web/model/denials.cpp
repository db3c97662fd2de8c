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

// The sides on which a rule has to have the port, as ebpf-ctl suggest finds them: a process
// connects to a port of the remote end.
unsigned judged_sides(const Event &event, uint64_t port) {
    const bool local = port == event.number<"local_port">();
    const bool remote = port == event.number<"remote_port">();
    const std::string_view direction = event.text<"direction">();
    if (local == remote && direction.empty())
        return both_sides;
    return 1U << ((local != remote ? local : direction == "in") ? SIDE_SERVE : SIDE_CONNECT);
}

} // namespace

void Denials::take(const Event &event, const Now &now) {
    Denial denial{.comm = std::string(event.text<"comm">()),
                  .proto = std::string(event.text<"proto">()),
                  .rule = std::string(event.text<"rule">()),
                  .remote = std::string(event.text<"remote_ip">()),
                  .pid = event.number<"pid">(),
                  .port = event.number<"port">(),
                  .sides = judged_sides(event, event.number<"port">()),
                  .audit = event.text<"action">() == "audit"};
    std::string key;
    for (const std::string &part :
         {denial.comm, denial.proto, denial.rule, std::to_string(denial.port),
          std::to_string(denial.sides), std::to_string(denial.audit)})
        key.append(part).push_back('\0');
    Denial &known = denials_.touch(key);
    denial.count = known.count + 1;
    denial.last = now.ms;
    known = std::move(denial);
}

std::string allow_command(const Denial &denial) {
    const bool tcp = denial.proto == "tcp" || denial.proto == "mptcp";
    const bool udp = denial.proto == "udp" || denial.proto == "udplite";
    const bool icmp = denial.proto == "icmp" || denial.proto == "icmpv6";
    // Of which cgroup or user rules of "any" are is not known: a rule by name adds to them.
    const bool by_name = denial.rule.empty() || denial.rule == "any";
    const std::string process = quoted(by_name ? name_text(denial.comm) : denial.rule);
    if (process.empty() || !(icmp || ((tcp || udp) && denial.port > 0 && denial.port <= 65535)))
        return "";
    const std::string side =
        icmp || denial.sides == both_sides ? "" : std::string("--") + side_word(denial.sides) + " ";
    return "ebpf-ctl allow " + (icmp ? "icmp" : std::to_string(denial.port)) +
           (udp ? "/udp " : " ") + side + (process[0] == '-' ? "-- " : "") + process;
}

} // namespace pinpipe::web
