// SPDX-License-Identifier: MIT
// usage: bench-sockets pair N        nanoseconds for one send and one receive of 64 bytes by UDP
//                                    over lo, N times
//        bench-sockets bare N        the same, with programs attached that do nothing
//        bench-sockets connect N     nanoseconds for a connect() by TCP over lo, N times
//        bench-sockets look PIN-ROOT milliseconds of processor time to only read all of maps/usage,
//                                    in batches
//        bench-sockets pingpong S    round trips a second of one byte by TCP over lo, for S seconds
//        bench-sockets bulk S        bytes a second by TCP over lo, for S seconds
//        bench-sockets fill N        sends one byte by UDP to each of N addresses; then waits for
//        the
//                                    end of standard input
#include "bpf/abi/usage.h"
#include "tests/bench/bare.skel.h"

#include <algorithm>
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/tcp.h>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vector>

namespace {

double now() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

[[noreturn]] void die(const char *what) {
    std::perror(what);
    std::exit(1);
}

sockaddr_in address(uint32_t host, uint16_t port) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(host);
    a.sin_port = htons(port);
    return a;
}

int bound(int type, sockaddr_in &name) {
    const int fd = socket(AF_INET, type, 0);
    name = address(INADDR_LOOPBACK, 0);
    socklen_t size = sizeof name;
    if (fd < 0 || bind(fd, reinterpret_cast<sockaddr *>(&name), size) != 0 ||
        getsockname(fd, reinterpret_cast<sockaddr *>(&name), &size) != 0)
        die("bind");
    return fd;
}

void join(int fd, const sockaddr_in &to) {
    if (connect(fd, reinterpret_cast<const sockaddr *>(&to), sizeof to) != 0)
        die("connect");
}

// Prints the fastest of eleven parts: other work of the machine can only add to the time.
void pair(long count) {
    sockaddr_in a{}, b{};
    const int left = bound(SOCK_DGRAM, a), right = bound(SOCK_DGRAM, b);
    join(left, b), join(right, a);
    char data[64]{};
    double best = 1e9;
    for (int part = 0; part < 11; part++) {
        const double start = now();
        for (long i = 0; i < count / 11; i++)
            if (send(left, data, sizeof data, 0) != sizeof data ||
                recv(right, data, sizeof data, 0) != sizeof data)
                die("send and receive");
        best = std::min(best, (now() - start) / static_cast<double>(count / 11));
    }
    std::printf("%.1f\n", best * 1e9);
}

// The programs stay attached until this process ends and closes their links.
void bare_pair(long count) {
    bare *const skeleton = bare::open();
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, skeleton->obj) bpf_program__set_autoload(
        program, program == skeleton->progs.bare_send || program == skeleton->progs.bare_receive);
    if (bare::load(skeleton) != 0 ||
        bpf_raw_tracepoint_open(nullptr, bpf_program__fd(skeleton->progs.bare_send)) < 0 ||
        bpf_raw_tracepoint_open(nullptr, bpf_program__fd(skeleton->progs.bare_receive)) < 0)
        die("attach programs that do nothing");
    pair(count);
}

double processor_time() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

// Prints the fastest of twenty passes.
void look(const char *pin_root) {
    const int map = bpf_obj_get((std::string(pin_root) + "/maps/usage").c_str());
    if (map < 0)
        die("open maps/usage");
    constexpr __u32 most = 8192; // elements of a batch, as in ebpf-read
    std::vector<usage_key> keys(most);
    std::vector<usage_sums> values(most);
    double best = 1e9;
    for (int i = 0; i < 20; i++) {
        const double start = processor_time();
        __u32 place = 0, count = most;
        for (bool first = true;; first = false, count = most)
            if (bpf_map_lookup_batch(map, first ? nullptr : &place, &place, keys.data(),
                                     values.data(), &count, nullptr) != 0)
                break;
        best = std::min(best, processor_time() - start);
    }
    std::printf("%.2f\n", best * 1e3);
}

struct Ends {
    int client, server;
};

Ends stream() {
    sockaddr_in name{};
    const int listener = bound(SOCK_STREAM, name), client = socket(AF_INET, SOCK_STREAM, 0);
    if (listen(listener, 1) != 0)
        die("listen");
    join(client, name);
    const int server = accept(listener, nullptr, nullptr), on = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return {client, server};
}

// Prints the fastest of eleven parts.
void connects(long count) {
    sockaddr_in name{};
    const int listener = bound(SOCK_STREAM, name);
    if (listen(listener, 1) != 0)
        die("listen");
    double best = 1e9;
    for (int part = 0; part < 11; part++) {
        double spent = 0;
        for (long i = 0; i < count / 11; i++) {
            const int client = socket(AF_INET, SOCK_STREAM, 0);
            const linger at_once{1, 0}; // no port is left in TIME_WAIT
            setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
            const double start = now();
            join(client, name);
            spent += now() - start;
            close(client);
            close(accept(listener, nullptr, nullptr));
        }
        best = std::min(best, spent / static_cast<double>(count / 11));
    }
    std::printf("%.1f\n", best * 1e9);
}

template <class Work> pid_t child(Work work) {
    const pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    work();
    _exit(0);
}

void pingpong(double seconds) {
    const Ends ends = stream();
    const pid_t other = child([&] {
        close(ends.client);
        for (char byte; recv(ends.server, &byte, 1, 0) == 1;)
            send(ends.server, &byte, 1, 0);
    });
    close(ends.server);
    char byte = 'p';
    long rounds = 0;
    const double start = now();
    for (; now() - start < seconds; rounds++)
        if (send(ends.client, &byte, 1, 0) != 1 || recv(ends.client, &byte, 1, 0) != 1)
            die("ping");
    std::printf("%.0f\n", static_cast<double>(rounds) / (now() - start));
    close(ends.client);
    waitpid(other, nullptr, 0);
}

void bulk(double seconds) {
    const Ends ends = stream();
    const pid_t other = child([&] {
        close(ends.client);
        std::vector<char> data(1 << 17);
        while (recv(ends.server, data.data(), data.size(), 0) > 0)
            ;
    });
    close(ends.server);
    const std::vector<char> data(1 << 17);
    double bytes = 0;
    const double start = now();
    while (now() - start < seconds) {
        const ssize_t n = send(ends.client, data.data(), data.size(), 0);
        if (n <= 0)
            die("send");
        bytes += static_cast<double>(n);
    }
    std::printf("%.0f\n", bytes / (now() - start));
    close(ends.client);
    waitpid(other, nullptr, 0);
}

void fill(uint32_t count) {
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    constexpr uint32_t first = 127U << 24 | 1U << 16;
    for (uint32_t i = 0; i < count; i++) {
        const sockaddr_in to = address(first + i, 9);
        if (sendto(fd, "x", 1, 0, reinterpret_cast<const sockaddr *>(&to), sizeof to) != 1)
            i--; // again: this error reports that the previous datagram was refused
    }
    std::puts("filled");
    std::fflush(stdout);
    for (char byte; read(STDIN_FILENO, &byte, 1) > 0;)
        ;
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    if (std::strcmp(argv[1], "pair") == 0)
        pair(std::atol(argv[2]));
    else if (std::strcmp(argv[1], "bare") == 0)
        bare_pair(std::atol(argv[2]));
    else if (std::strcmp(argv[1], "connect") == 0)
        connects(std::atol(argv[2]));
    else if (std::strcmp(argv[1], "look") == 0)
        look(argv[2]);
    else if (std::strcmp(argv[1], "pingpong") == 0)
        pingpong(std::atof(argv[2]));
    else if (std::strcmp(argv[1], "bulk") == 0)
        bulk(std::atof(argv[2]));
    else if (std::strcmp(argv[1], "fill") == 0)
        fill(static_cast<uint32_t>(std::atol(argv[2])));
    else
        return 2;
}
