// SPDX-License-Identifier: MIT
// traffic: makes traffic of every kind and says how many bytes of it each process sent and
// received.
#include "tests/traffic/traffic.h"

#include <cstdio>
#include <sys/prctl.h>
#include <unistd.h>

namespace traffic {
namespace {

const char usage[] =
    "usage: traffic list\n"
    "       traffic run [--pause-before] [--pause-after] [--hold FILE] CASE...|all\n"
    "\n"
    "Makes the traffic of each case on lo of this network namespace, as root, and prints what each "
    "of\n"
    "its processes sent and received by its own count, as NDJSON. TRAFFIC_SCALE=N: N times as "
    "much.\n"
    "  --pause-before  print \"ready\" before the traffic of each case, and wait for a line on "
    "stdin\n"
    "  --pause-after   print \"finished\" while the processes still live, and wait for a line on "
    "stdin\n"
    "  --hold FILE     the same as --pause-before for case preopened, which has its connections "
    "open\n"
    "                  by then; the line may come from FILE (a FIFO) as well\n";

std::vector<Entry> all_cases() {
    std::vector<Entry> all;
    for (const auto family :
         {tcp_cases(), edge_cases(), udp_cases(), udp_edge_cases(), raw_cases(), splice_cases(),
          uring_cases(), process_cases(), thread_cases(), protocol_cases()})
        all.insert(all.end(), family.begin(), family.end());
    return all;
}

int wrong_usage() {
    std::fputs(usage, stderr);
    return 2;
}

int run(const std::vector<std::string> &arguments) {
    const std::vector<Entry> all = all_cases();
    Options options;
    std::vector<const Entry *> chosen;
    for (size_t at = 0; at < arguments.size(); ++at) {
        const std::string &argument = arguments[at];
        const size_t before = chosen.size();
        if (argument == "--pause-before")
            options.pause_before = true;
        else if (argument == "--pause-after")
            options.pause_after = true;
        else if (argument == "--hold" && at + 1 < arguments.size())
            options.hold = arguments[++at];
        else {
            for (const Entry &entry : all)
                if (argument == "all" || argument == entry.name)
                    chosen.push_back(&entry);
            if (chosen.size() == before) {
                std::fprintf(stderr, "traffic: no case %s; hint: traffic list\n", argument.c_str());
                return 2;
            }
        }
    }
    if (chosen.empty())
        return wrong_usage();
    prctl(PR_SET_CHILD_SUBREAPER, 1); // no case leaves a process, not even a dead one
    bool good = true;
    for (const Entry *entry : chosen)
        good = Case(*entry, options).run() && good;
    return good ? 0 : 1;
}

int list() {
    for (const Entry &entry : all_cases())
        std::puts(entry.name);
    return 0;
}

} // namespace
} // namespace traffic

int main(int argc, char **argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() == 1 && arguments[0] == "list")
        return traffic::list();
    if (arguments.size() > 1 && arguments[0] == "run")
        return traffic::run({arguments.begin() + 1, arguments.end()});
    if (arguments.size() > 1 && arguments[0] == "continue")
        traffic::continue_after_exec(argv + 2);
    return traffic::wrong_usage();
}
