// Raw, ping and packet sockets; sockets and processes that move.
#include "tests/traffic/traffic.h"

#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace traffic {
namespace {

bool comes(int fd) {
    pollfd wait{fd, POLLIN, 0};
    return poll(&wait, 1, 2000) > 0;
}

sockaddr_in lo() {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return to;
}

// Sends to itself and receives what comes of it, count datagrams each time.
void echo(int fd, const sockaddr *to, socklen_t size, const std::vector<char> &data, int count,
          Tally &t, const char *proto, const std::string &remote) {
    char buffer[2000];
    for (int i = 0; i < 5; i++) {
        t.sent(proto, remote, sendto(fd, data.data(), data.size(), 0, to, size));
        for (int j = 0; j < count; j++) {
            check(comes(fd), "waiting for an echo");
            sockaddr_storage from{};
            socklen_t room = sizeof from;
            t.received(
                proto, remote,
                recvfrom(fd, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr *>(&from), &room),
                true);
        }
    }
}

std::vector<char> echo_request(size_t size) {
    std::vector<char> data(size, 'p');
    icmphdr head{};
    head.type = ICMP_ECHO;
    head.un.echo.id = htons(static_cast<uint16_t>(getpid()));
    uint32_t sum = 0;
    std::memcpy(data.data(), &head, sizeof head);
    for (size_t i = 0; i + 1 < size; i += 2) {
        uint16_t word = 0;
        std::memcpy(&word, &data[i], 2);
        sum += word;
    }
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    head.checksum = static_cast<uint16_t>(~sum);
    std::memcpy(data.data(), &head, sizeof head);
    return data;
}

int open_socket(int family, int type, int proto) {
    const int fd = socket(family, type | SOCK_CLOEXEC, proto);
    if (fd < 0)
        throw Skip(std::string("no such socket: ") + std::strerror(errno));
    return fd;
}

void ping_socket() {
    run({{"tr-ping", [](Tally &t) {
              const int range = open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY | O_CLOEXEC);
              if (range >= 0 && write(range, "0 2147483647", 12) != 12)
                  throw Skip("no ping sockets");
              close(range);
              const int fd = open_socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
              const sockaddr_in to = lo();
              echo(fd, reinterpret_cast<const sockaddr *>(&to), sizeof to, echo_request(64), 1, t,
                   "icmp", "127.0.0.1");
          }}});
}

void icmp_raw() {
    run({{"tr-icmp", [](Tally &t) {
              const int fd = open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
              const sockaddr_in to = lo();
              // The request comes back as well as the answer.
              echo(fd, reinterpret_cast<const sockaddr *>(&to), sizeof to, echo_request(100), 2, t,
                   "icmp", "127.0.0.1");
          }}});
}

void icmpv6_raw() {
    run({{"tr-icmpv6", [](Tally &t) {
              const int fd = open_socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
              icmp6_filter filter; // requests alone
              ICMP6_FILTER_SETBLOCKALL(&filter);
              ICMP6_FILTER_SETPASS(ICMP6_ECHO_REQUEST, &filter);
              check(setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter) == 0,
                    "filter");
              sockaddr_in6 to{};
              to.sin6_family = AF_INET6;
              to.sin6_addr = in6addr_loopback;
              std::vector<char> data(80);
              data[0] = static_cast<char>(ICMP6_ECHO_REQUEST);
              echo(fd, reinterpret_cast<const sockaddr *>(&to), sizeof to, data, 1, t, "icmpv6",
                   "::1");
          }}});
}

void raw_253() {
    run({{"tr-raw", [](Tally &t) {
              const int fd = open_socket(AF_INET, SOCK_RAW, 253);
              const sockaddr_in to = lo();
              echo(fd, reinterpret_cast<const sockaddr *>(&to), sizeof to,
                   std::vector<char>(333, 'r'), 1, t, "raw", "127.0.0.1");
          }}});
}

void packet() {
    run({{"tr-packet", [](Tally &t) {
              constexpr uint16_t own_type = 0x88b5; // for experiments
              const int fd = open_socket(AF_PACKET, SOCK_RAW, htons(own_type));
              sockaddr_ll to{};
              to.sll_family = AF_PACKET;
              to.sll_protocol = htons(own_type);
              to.sll_ifindex = static_cast<int>(if_nametoindex("lo"));
              check(bind(fd, reinterpret_cast<const sockaddr *>(&to), sizeof to) == 0, "bind");
              std::vector<char> frame(200, 0);
              frame[12] = static_cast<char>(own_type >> 8), frame[13] = static_cast<char>(0xb5);
              char buffer[2000];
              for (int i = 0; i < 5; i++) {
                  t.sent("packet", "",
                         sendto(fd, frame.data(), frame.size(), 0,
                                reinterpret_cast<const sockaddr *>(&to), sizeof to));
                  check(comes(fd), "waiting for a frame");
                  t.received("packet", "", recv(fd, buffer, sizeof buffer, 0));
              }
          }}});
}

// The whole of it in network and pid namespaces of its own.
void namespaces() {
    run({{"tr-outside", [](Tally &t) {
              if (unshare(CLONE_NEWNET | CLONE_NEWPID) != 0)
                  throw Skip("no namespaces");
              int ends[2];
              check(pipe(ends) == 0, "pipe");
              t.pid = fork();
              if (t.pid == 0) {
                  prctl(PR_SET_NAME, "tr-inside");
                  ifreq lo{};
                  std::strcpy(lo.ifr_name, "lo");
                  lo.ifr_flags = IFF_UP;
                  const int any = socket(AF_INET, SOCK_DGRAM, 0);
                  ioctl(any, SIOCSIFFLAGS, &lo);
                  Tally inside;
                  const Pair p = tcp_pair();
                  send_all(p.a, 7777, inside, "tcp", p.host);
                  receive_all(p.b, 7777, inside, "tcp", p.host);
                  _exit(write(ends[1], "y", 1) == 1 ? 0 : 1);
              }
              char answer = 0;
              close(ends[1]);
              check(read(ends[0], &answer, 1) == 1, "the process inside");
              waitpid(t.pid, nullptr, 0);
              t.sent("tcp", "127.0.0.1", 7777);
              t.received("tcp", "127.0.0.1", 7777);
          }}});
}

// A connection made by one process and used by another.
void passed() {
    const Pair p = tcp_pair();
    int unix_ends[2];
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, unix_ends) == 0, "socketpair");
    run({{"tr-giver",
          [&](Tally &t) {
              send_all(p.a, 1000, t, "tcp", p.host);
              char byte = 'f', control[CMSG_SPACE(sizeof(int))]{};
              iovec part{&byte, 1};
              msghdr head{};
              head.msg_iov = &part, head.msg_iovlen = 1;
              head.msg_control = control, head.msg_controllen = sizeof control;
              cmsghdr *c = CMSG_FIRSTHDR(&head);
              c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS;
              c->cmsg_len = CMSG_LEN(sizeof(int));
              std::memcpy(CMSG_DATA(c), &p.a, sizeof(int));
              check(sendmsg(unix_ends[0], &head, 0) == 1, "sendmsg");
          }},
         {"tr-taker",
          [&](Tally &t) {
              close(p.a); // its own
              char byte = 0, control[CMSG_SPACE(sizeof(int))]{};
              iovec part{&byte, 1};
              msghdr head{};
              head.msg_iov = &part, head.msg_iovlen = 1;
              head.msg_control = control, head.msg_controllen = sizeof control;
              check(recvmsg(unix_ends[1], &head, 0) == 1, "recvmsg");
              int fd = -1;
              std::memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&head)), sizeof fd);
              send_all(fd, 2000, t, "tcp", p.host);
          }},
         {"tr-receiver", [&](Tally &t) { receive_all(p.b, 3000, t, "tcp", p.host); }}});
    close(p.a), close(p.b), close(unix_ends[0]), close(unix_ends[1]);
}

// A connection that is made, and used a little, before a line comes on standard input; what counts
// is what follows. Part of "all" only where the caller says so.
void preopened() {
    const Pair p = tcp_pair();
    Tally before;
    send_all(p.a, 500, before, "tcp", p.host);
    receive_all(p.b, 200, before, "tcp", p.host);
    std::puts(R"({"case":"preopened","ready":true})");
    std::fflush(stdout);
    char line[64];
    if (!std::fgets(line, sizeof line, stdin))
        throw Skip("nothing on standard input to wait for");
    run({{"tr-pre-a", [&](Tally &t) { send_all(p.a, 4000, t, "tcp", p.host); }},
         {"tr-pre-b", [&](Tally &t) { receive_all(p.b, 4300, t, "tcp", p.host); }}});
    close(p.a), close(p.b);
}

// A process becomes another program in the middle: what both send is one process's.
void executed() {
    const Pair p = tcp_pair();
    run({{"tr-exec",
          [&](Tally &t) {
              t.pid = fork();
              if (t.pid == 0) {
                  Tally own;
                  send_all(p.a, 50, own, "tcp", p.host);
                  dup2(p.a, STDOUT_FILENO);
                  execl("/bin/echo", "echo", "1234567890123456789", nullptr);
                  _exit(127);
              }
              waitpid(t.pid, nullptr, 0);
              t.sent("tcp", p.host, 70);
          }},
         {"tr-receiver", [&](Tally &t) { receive_all(p.b, 70, t, "tcp", p.host); }}});
    close(p.a), close(p.b);
}

} // namespace

const std::vector<Case> special_cases = {
    {"ping", ping_socket}, {"icmp_raw", icmp_raw},   {"icmpv6_raw", icmpv6_raw},
    {"raw_253", raw_253},  {"packet", packet},       {"namespaces", namespaces},
    {"passed", passed},    {"preopened", preopened}, {"executed", executed},
};

} // namespace traffic
