// SPDX-License-Identifier: MIT
// Load for ebpf-web.
//
//     bench-web count COUNT            prints COUNT events
//     bench-web lines RATE SECONDS     prints RATE events a second; their number on standard error
//     bench-web view PORT ROOM VIEWERS SECONDS
//         opens VIEWERS viewers of a room; prints how many lines came, how many were lost, and the
//         median, 99th percentile and largest time from line in to line out, in milliseconds
#include "lib/base/line_splitter.h"
#include "tests/bench/bench.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr std::string_view mark = "\"written_us\":";

void must(bool good, const char *what) {
    if (!good) {
        std::perror(what);
        std::exit(1);
    }
}

uint64_t microseconds() {
    return static_cast<uint64_t>(bench::seconds(CLOCK_MONOTONIC) * 1e6);
}

void write_all(std::string &text) {
    for (size_t at = 0; at < text.size();) {
        const ssize_t count = write(STDOUT_FILENO, text.data() + at, text.size() - at);
        if (count <= 0)
            std::exit(0);
        at += static_cast<size_t>(count);
    }
    text.clear();
}

void add_line(std::string &out, uint64_t number) {
    char line[512];
    out.append(line, static_cast<size_t>(std::snprintf(
                         line, sizeof line,
                         R"({"v":1,"event_type":"icmp","timestamp":1795218638468,)"
                         R"("timestamp_us":1795218638468250,"seq":%)" PRIu64
                         R"(,"src_ip":"192.0.2.%u","dst_ip":"192.0.2.1","proto":"icmp",)"
                         R"("icmp_type":8,"icmp_code":0,"icmp_name":"echo-request",)"
                         R"("icmp_id":11493,"icmp_seq":1,"ttl":64,"length":84,"ip_version":4,)"
                         R"("ifname":"eth0","written_us":%)" PRIu64 "}\n",
                         number, static_cast<unsigned>(number % 200), microseconds())));
}

int write_lines(uint64_t rate, double length) {
    const double start = bench::seconds(CLOCK_MONOTONIC);
    std::string out;
    uint64_t written = 0;
    for (double passed = 0; passed < length; passed = bench::seconds(CLOCK_MONOTONIC) - start) {
        const auto due = static_cast<uint64_t>(passed * static_cast<double>(rate));
        while (written < due)
            add_line(out, ++written);
        write_all(out);
        usleep(1000);
    }
    std::fprintf(stderr, "%" PRIu64 "\n", written);
    return 0;
}

int write_count(uint64_t count) {
    std::string out;
    for (uint64_t number = 1; number <= count; number++) {
        add_line(out, number);
        if (out.size() > 60'000)
            write_all(out);
    }
    write_all(out);
    return 0;
}

struct Figures {
    uint64_t lines = 0, lost = 0;
    std::vector<uint64_t> delays = std::vector<uint64_t>(100'000); // by 0.1 ms: lines

    void take(uint64_t written, uint64_t now) {
        const uint64_t tenths = (now - written) / 100;
        delays[std::min<uint64_t>(tenths, delays.size() - 1)]++;
        lines++;
    }
    double quantile(double part) const {
        const auto wanted = static_cast<uint64_t>(static_cast<double>(lines) * part);
        uint64_t seen = 0;
        for (size_t i = 0; i < delays.size(); i++)
            if ((seen += delays[i]) > wanted)
                return static_cast<double>(i) / 10;
        return 0;
    }
};

struct Viewer {
    int fd = -1;
    pinpipe::LineSplitter lines{1 << 16};

    void connect_to(uint16_t port, const std::string &room) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        must(fd >= 0 && connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0,
             "connect");
        const std::string request = "GET /rooms/" + room +
                                    " HTTP/1.1\r\nHost: localhost\r\n"
                                    "Accept: text/event-stream\r\n\r\n";
        must(send(fd, request.data(), request.size(), 0) > 0, "ask");
    }

    void take(std::string_view bytes, uint64_t since, Figures &figures) {
        const uint64_t now = microseconds();
        const auto take_line = [&](std::string_view line) {
            constexpr std::string_view lost = "data: {\"count\":";
            constexpr size_t digits = 20;
            if (line.starts_with(lost))
                figures.lost += std::strtoull(line.data() + lost.size(), nullptr, 10);
            if (line.size() < mark.size() + digits)
                return;
            const size_t at = line.find(mark, line.size() - mark.size() - digits);
            if (at == line.npos)
                return;
            const uint64_t written = std::strtoull(line.data() + at + mark.size(), nullptr, 10);
            if (written > since)
                figures.take(written, now);
        };
        lines.feed(bytes, [&](std::string_view line, bool) { take_line(line); });
    }
};

int view(uint16_t port, const std::string &room, size_t count, double length) {
    std::vector<Viewer> viewers(count);
    const int poll = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < count; i++) {
        viewers[i].connect_to(port, room);
        epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
        epoll_ctl(poll, EPOLL_CTL_ADD, viewers[i].fd, &event);
    }
    Figures figures;
    std::vector<char> buffer(256 << 10);
    const uint64_t since = microseconds(); // older lines do not count
    const double start = bench::seconds(CLOCK_MONOTONIC);
    while (bench::seconds(CLOCK_MONOTONIC) - start < length) {
        epoll_event ready[64];
        const int got = epoll_wait(poll, ready, 64, 100);
        for (int i = 0; i < got; i++) {
            Viewer &viewer = viewers[ready[i].data.u64];
            const ssize_t size = recv(viewer.fd, buffer.data(), buffer.size(), 0);
            must(size > 0, "go on receiving");
            viewer.take({buffer.data(), static_cast<size_t>(size)}, since, figures);
        }
    }
    std::printf("%" PRIu64 " %" PRIu64 " %.1f %.1f %.1f\n", figures.lines, figures.lost,
                figures.quantile(0.5), figures.quantile(0.99), figures.quantile(0.999999));
    return 0;
}

} // namespace

int main(int argc, char **argv) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what == "count" && argc == 3)
        return write_count(std::strtoull(argv[2], nullptr, 10));
    if (what == "lines" && argc == 4)
        return write_lines(std::strtoull(argv[2], nullptr, 10), std::atof(argv[3]));
    if (what == "view" && argc == 6)
        return view(static_cast<uint16_t>(std::atoi(argv[2])), argv[3],
                    std::strtoull(argv[4], nullptr, 10), std::atof(argv[5]));
    std::fprintf(
        stderr,
        "usage: bench-web count COUNT | lines RATE SECONDS | view PORT ROOM VIEWERS SECONDS\n");
    return 2;
}
