// usage: traffic list | traffic run CASE... | traffic run all
//
// NDJSON on stdout: a line for each process, protocol and remote address of a case with the bytes
// that its calls returned; then {"case":C,"result":"done"}, "skipped" or "failed" with a reason.
// Runs in the current network namespace over lo, which must be up. Exit: 1 if a case failed.
#include "tests/traffic/traffic.h"

#include <csignal>
#include <cstdio>
#include <cstring>

namespace traffic {

extern std::string case_name;

namespace {

std::vector<Case> all_cases() {
    std::vector<Case> all;
    for (const auto *some : {&stream_cases, &datagram_cases, &special_cases, &uring_cases})
        all.insert(all.end(), some->begin(), some->end());
    return all;
}

bool run_case(const Case &one) {
    case_name = one.name;
    const char *result = "done";
    std::string reason;
    try {
        one.work();
    } catch (const Skip &skip) {
        result = "skipped";
        reason = skip.what();
    } catch (const std::exception &error) {
        result = "failed";
        reason = error.what();
    }
    std::printf(R"({"case":"%s","result":"%s")", one.name, result);
    if (!reason.empty())
        std::printf(R"(,"reason":"%s")", reason.c_str());
    std::printf("}\n");
    std::fflush(stdout);
    return std::strcmp(result, "failed") != 0;
}

} // namespace
} // namespace traffic

int main(int argc, char **argv) {
    using namespace traffic;
    std::signal(SIGPIPE, SIG_IGN);
    const std::string action = argc > 1 ? argv[1] : "";
    if (action == "list") {
        for (const Case &one : all_cases())
            std::puts(one.name);
        return 0;
    }
    if (action != "run" || argc < 3) {
        std::fputs("usage: traffic list | traffic run CASE... | traffic run all\n", stderr);
        return 2;
    }
    bool fine = true;
    for (int i = 2; i < argc; i++) {
        bool found = false;
        for (const Case &one : all_cases()) {
            if (std::strcmp(argv[i], "all") != 0 && std::strcmp(argv[i], one.name) != 0)
                continue;
            found = true;
            fine = run_case(one) && fine;
        }
        if (!found) {
            std::fprintf(stderr, "traffic: no case %s\n", argv[i]);
            return 2;
        }
    }
    return fine ? 0 : 1;
}
