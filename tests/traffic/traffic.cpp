#include "tests/traffic/traffic.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <netinet/in.h>
#include <poll.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace traffic {

std::string case_name;

void die(const std::string &what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

void check(bool fine, const std::string &what) {
    if (!fine)
        die(what);
}

void Tally::sent(const std::string &proto, const std::string &remote, long n) {
    if (n >= 0)
        flows_[{proto, remote, false}].sent += static_cast<uint64_t>(n);
}

void Tally::received(const std::string &proto, const std::string &remote, long n,
                     bool unconnected) {
    if (n >= 0)
        flows_[{proto, remote, unconnected}].received += static_cast<uint64_t>(n);
}

namespace {

struct Running {
    pid_t pid;
    int out;
    std::string comm;
};

[[noreturn]] void be(const Role &role, int out) {
    alarm(60);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, role.comm.c_str());
    Tally tally;
    int status = 0;
    std::string text;
    try {
        role.work(tally);
    } catch (const Skip &skip) {
        text = std::string("skip\t") + skip.what() + "\n";
    } catch (const std::exception &error) {
        text = std::string("fail\t") + error.what() + "\n";
        status = 1;
    }
    for (const auto &[flow, sums] : tally.flows())
        text += "flow\t" + std::to_string(tally.pid) + "\t" + flow.proto + "\t" +
                (flow.remote.empty() ? "-" : flow.remote) + "\t" + (flow.unconnected ? "1" : "0") +
                "\t" + std::to_string(sums.sent) + "\t" + std::to_string(sums.received) + "\n";
    if (write(out, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        status = 1;
    _exit(status);
}

std::string read_all(int fd) {
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<size_t>(n));
    close(fd);
    return text;
}

void print_flow(const Running &role, std::istringstream &line) {
    int pid = 0;
    std::string proto, remote, unconnected, sent, received;
    line >> pid >> proto >> remote >> unconnected >> sent >> received;
    std::printf(R"({"case":"%s","pid":%d,"comm":"%s","proto":"%s",)", case_name.c_str(),
                pid ? pid : role.pid, role.comm.c_str(), proto.c_str());
    if (remote != "-")
        std::printf(R"("remote_ip":"%s",)", remote.c_str());
    std::printf(R"("unconnected":%s,"bytes_sent":%s,"bytes_received":%s})"
                "\n",
                unconnected == "1" ? "true" : "false", sent.c_str(), received.c_str());
}

} // namespace

void run(const std::vector<Role> &roles) {
    std::vector<Running> running;
    std::fflush(stdout);
    for (const Role &role : roles) {
        int ends[2];
        check(pipe(ends) == 0, "pipe");
        const pid_t pid = fork();
        check(pid >= 0, "fork");
        if (pid == 0) {
            close(ends[0]);
            be(role, ends[1]);
        }
        close(ends[1]);
        running.push_back({pid, ends[0], role.comm});
    }
    std::string failed, skipped;
    for (const Running &role : running) {
        std::istringstream lines(read_all(role.out));
        int status = 0;
        waitpid(role.pid, &status, 0);
        if (status != 0)
            failed = role.comm + " ended with status " + std::to_string(status);
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string kind;
            words >> kind;
            if (kind == "flow")
                print_flow(role, words);
            else
                (kind == "skip" ? skipped : failed) = line.substr(5);
        }
    }
    if (!failed.empty())
        throw std::runtime_error(failed);
    if (!skipped.empty())
        throw Skip(skipped);
}

namespace {

struct Address {
    sockaddr_storage storage{};
    socklen_t size;
    int family;
    sockaddr *get() { return reinterpret_cast<sockaddr *>(&storage); }
};

Address address(const std::string &host, uint16_t port) {
    Address a;
    if (host.find(':') != host.npos || host == "mapped") {
        auto *in = reinterpret_cast<sockaddr_in6 *>(&a.storage);
        in->sin6_family = AF_INET6;
        in->sin6_port = htons(port);
        inet_pton(AF_INET6, host == "mapped" ? "::ffff:127.0.0.1" : host.c_str(), &in->sin6_addr);
        a.size = sizeof *in;
        a.family = AF_INET6;
    } else {
        auto *in = reinterpret_cast<sockaddr_in *>(&a.storage);
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        inet_pton(AF_INET, host.c_str(), &in->sin_addr);
        a.size = sizeof *in;
        a.family = AF_INET;
    }
    return a;
}

uint16_t port_of(int fd) {
    sockaddr_in6 name{};
    socklen_t size = sizeof name;
    check(getsockname(fd, reinterpret_cast<sockaddr *>(&name), &size) == 0, "getsockname");
    return ntohs(name.sin6_port); // sin_port is at the same place
}

} // namespace

void Pair::close_other(bool keep_a) const {
    close(keep_a ? b : a);
}

Pair tcp_pair(const std::string &host, int proto) {
    Address any = address(host, 0);
    const int listener = socket(any.family, SOCK_STREAM | SOCK_CLOEXEC, proto);
    if (listener < 0)
        throw Skip(std::string("no such socket: ") + std::strerror(errno));
    check(bind(listener, any.get(), any.size) == 0, "bind");
    check(listen(listener, 8) == 0, "listen");
    Address to = address(host, port_of(listener));
    const int a = socket(any.family, SOCK_STREAM | SOCK_CLOEXEC, proto);
    check(connect(a, to.get(), to.size) == 0, "connect");
    const int b = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    check(b >= 0, "accept");
    close(listener);
    return {a, b, host == "mapped" ? "127.0.0.1" : host};
}

int bound_udp(const std::string &host, uint16_t &port, int proto) {
    Address any = address(host, 0);
    const int fd = socket(any.family, SOCK_DGRAM | SOCK_CLOEXEC, proto);
    if (fd < 0)
        throw Skip(std::string("no such socket: ") + std::strerror(errno));
    check(bind(fd, any.get(), any.size) == 0, "bind");
    const int room = 1 << 22;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    port = port_of(fd);
    return fd;
}

void connect_udp(int fd, const std::string &host, uint16_t port) {
    Address to = address(host, port);
    check(connect(fd, to.get(), to.size) == 0, "connect");
}

void send_all(int fd, size_t bytes, Tally &t, const std::string &proto, const std::string &remote,
              size_t piece, int flags) {
    const std::string data(piece, 'x');
    while (bytes > 0) {
        const ssize_t n = send(fd, data.data(), std::min(piece, bytes), flags | MSG_NOSIGNAL);
        if (n < 0 && errno == ENOBUFS) {
            poll(nullptr, 0, 1);
            continue;
        }
        check(n > 0, "send");
        t.sent(proto, remote, n);
        bytes -= static_cast<size_t>(n);
    }
}

void receive_all(int fd, size_t bytes, Tally &t, const std::string &proto,
                 const std::string &remote, size_t piece) {
    std::vector<char> data(piece);
    while (bytes > 0) {
        const ssize_t n = recv(fd, data.data(), std::min(piece, bytes), 0);
        check(n >= 0, "recv");
        if (n == 0)
            return;
        t.received(proto, remote, n);
        bytes -= static_cast<size_t>(n);
    }
}

} // namespace traffic
