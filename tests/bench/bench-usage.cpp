// SPDX-License-Identifier: MIT
// Usage: bench-usage COUNT SUBJECTS [csv]
// Prints COUNT usage events as ebpf-read does, or as CSV of the same members. Each second has one
// event of each of SUBJECTS pairs of a process (of 60) and a remote address.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    const long count = std::atol(argv[1]), subjects = std::atol(argv[2]);
    const bool csv = argc > 3 && std::strcmp(argv[3], "csv") == 0;
    const char *format =
        csv ? "1,usage,%" PRId64 ",%" PRId64 ",%ld,%ld,1,1000,process%ld,4242,1794999999000,exact,"
              "%s,10.%ld.%ld.%ld,%d,%u,%u,1,2,1000,socket\n"
            : R"({"v":1,"event_type":"usage","timestamp":%)" PRId64 R"(,"timestamp_us":%)" PRId64
              R"(,"seq":%ld,"pid":%ld,"ppid":1,"uid":1000,"comm":"process%ld","cgroup_id":"4242",)"
              R"("start_time":1794999999000,"attribution":"exact","proto":"%s",)"
              R"("remote_ip":"10.%ld.%ld.%ld","remote_port":%d,"bytes_sent":%u,"bytes_received":%u,)"
              R"("calls_sent":1,"calls_received":2,"interval_ms":1000,"byte_layer":"socket"})"
              "\n";
    std::minstd_rand random(7);
    constexpr int ports[] = {443, 80, 53, 22, 8080};
    for (long i = 0; i < count; i++) {
        const long subject = i % subjects, process = subject * 7 % 60;
        const int64_t time = 1'795'000'000'000'000 + i / subjects * 1'000'000;
        const auto sent = static_cast<unsigned>(random() % 100'000);
        const auto received = static_cast<unsigned>(random() % 1'000'000);
        std::printf(format, time / 1000, time, i + 1, 1000 + process, process,
                    subject % 2 ? "udp" : "tcp", subject >> 16 & 255, subject >> 8 & 255,
                    subject & 255, ports[subject % 5], sent, received);
    }
    return std::fflush(stdout) == 0 ? 0 : 1;
}
