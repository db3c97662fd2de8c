// UDP and its like.
#include "tests/traffic/traffic.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace traffic {
namespace {

sockaddr_in at(const char *host, uint16_t port) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    inet_pton(AF_INET, host, &to.sin_addr);
    return to;
}

bool comes(int fd) {
    pollfd wait{fd, POLLIN, 0};
    return poll(&wait, 1, 2000) > 0;
}

// Receives count datagrams and notes from whom they came.
void receive_from(int fd, int count, Tally &t, const char *proto, const std::string &remote) {
    char data[65536];
    for (int i = 0; i < count; i++) {
        sockaddr_storage from{};
        socklen_t size = sizeof from;
        check(comes(fd), "waiting for a datagram");
        t.received(proto, remote,
                   recvfrom(fd, data, sizeof data, 0, reinterpret_cast<sockaddr *>(&from), &size),
                   true);
    }
}

void connected(const char *host, const std::string &remote, int number, const char *proto) {
    uint16_t port_a = 0, port_b = 0;
    const int a = bound_udp(host, port_a, number), b = bound_udp(host, port_b, number);
    connect_udp(a, host, port_b);
    connect_udp(b, host, port_a);
    run({{"tr-udp-a",
          [&](Tally &t) {
              for (size_t i = 0; i < 100; i++)
                  send_all(a, 1 + i * 10, t, proto, remote);
              receive_all(a, 5000, t, proto, remote);
          }},
         {"tr-udp-b", [&](Tally &t) {
              for (size_t i = 0; i < 100; i++) {
                  check(comes(b), "waiting for a datagram");
                  receive_all(b, 1 + i * 10, t, proto, remote);
              }
              send_all(b, 5000, t, proto, remote);
          }}});
    close(a), close(b);
}

void udp() {
    connected("127.0.0.1", "127.0.0.1", 0, "udp");
}
void udp_ipv6() {
    connected("::1", "::1", 0, "udp");
}
void udp_mapped() {
    connected("mapped", "127.0.0.1", 0, "udp");
}
void udplite() {
    connected("127.0.0.1", "127.0.0.1", IPPROTO_UDPLITE, "udplite");
}

void udp_unconnected() {
    uint16_t port = 0, own = 0;
    const int server = bound_udp("127.0.0.1", port);
    run({{"tr-client",
          [&](Tally &t) {
              const int fd = bound_udp("127.0.0.1", own);
              for (int i = 0; i < 50; i++) {
                  const std::string data(static_cast<size_t>(i), 'x');
                  const sockaddr_in to = at("127.0.0.1", port);
                  t.sent("udp", "127.0.0.1",
                         sendto(fd, data.data(), data.size(), 0,
                                reinterpret_cast<const sockaddr *>(&to), sizeof to));
              }
          }},
         {"tr-server", [&](Tally &t) { receive_from(server, 50, t, "udp", "127.0.0.1"); }}});
    close(server);
}

// As fast as it goes; what does not fit is dropped, and counted by neither receiver.
void udp_small() {
    uint16_t port_a = 0, port_b = 0;
    const int a = bound_udp("127.0.0.1", port_a), b = bound_udp("127.0.0.1", port_b);
    connect_udp(a, "127.0.0.1", port_b);
    connect_udp(b, "127.0.0.1", port_a);
    run({{"tr-fast", [&](Tally &t) { send_all(a, 20000 * 64, t, "udp", "127.0.0.1", 64); }},
         {"tr-hungry", [&](Tally &t) {
              char data[64];
              pollfd wait{b, POLLIN, 0};
              while (poll(&wait, 1, 500) > 0)
                  t.received("udp", "127.0.0.1", recv(b, data, sizeof data, 0));
          }}});
    close(a), close(b);
}

// Many messages in one call, to two destinations.
void many_messages() {
    uint16_t port_a = 0, port_b = 0, own = 0;
    const int a = bound_udp("127.0.0.1", port_a), b = bound_udp("127.0.0.2", port_b);
    const auto receive = [](int fd) {
        return [fd](Tally &t) {
            char data[5][2000];
            iovec parts[5];
            sockaddr_in from[5];
            for (int left = 10; left > 0;) {
                mmsghdr heads[5]{};
                for (int i = 0; i < 5; i++) {
                    parts[i] = {data[i], sizeof data[i]};
                    heads[i].msg_hdr.msg_iov = &parts[i];
                    heads[i].msg_hdr.msg_iovlen = 1;
                    heads[i].msg_hdr.msg_name = &from[i];
                    heads[i].msg_hdr.msg_namelen = sizeof from[i];
                }
                check(comes(fd), "waiting for a datagram");
                const int n = recvmmsg(fd, heads, 5, MSG_WAITFORONE, nullptr);
                check(n > 0, "recvmmsg");
                for (int i = 0; i < n; i++)
                    t.received("udp", "127.0.0.3", heads[i].msg_len, true);
                left -= n;
            }
        };
    };
    run({{"tr-mmsg",
          [&](Tally &t) {
              const int fd = bound_udp("127.0.0.3", own);
              char data[2000]{};
              for (size_t round = 0; round < 4; round++) {
                  mmsghdr heads[5]{};
                  iovec parts[5];
                  sockaddr_in to[5];
                  for (size_t i = 0; i < 5; i++) {
                      parts[i] = {data, 1 + i * 100 + round};
                      to[i] = at(i % 2 == round % 2 ? "127.0.0.1" : "127.0.0.2",
                                 i % 2 == round % 2 ? port_a : port_b);
                      heads[i].msg_hdr.msg_iov = &parts[i];
                      heads[i].msg_hdr.msg_iovlen = 1;
                      heads[i].msg_hdr.msg_name = &to[i];
                      heads[i].msg_hdr.msg_namelen = sizeof to[i];
                  }
                  check(sendmmsg(fd, heads, 5, 0) == 5, "sendmmsg");
                  for (size_t i = 0; i < 5; i++)
                      t.sent("udp", i % 2 == round % 2 ? "127.0.0.1" : "127.0.0.2",
                             heads[i].msg_len);
              }
          }},
         {"tr-mmsg-a", receive(a)},
         {"tr-mmsg-b", receive(b)}});
    close(a), close(b);
}

// Refused, empty, and cut ones.
void oddities() {
    uint16_t port_a = 0, port_b = 0;
    const int a = bound_udp("127.0.0.1", port_a), b = bound_udp("127.0.0.1", port_b);
    connect_udp(a, "127.0.0.1", port_b);
    connect_udp(b, "127.0.0.1", port_a);
    run({{"tr-odd", [&](Tally &t) {
              char data[100]{};
              const std::string host = "127.0.0.1";
              t.sent("udp", host, send(a, data, 0, 0));
              t.received("udp", host, recv(b, data, sizeof data, 0));
              t.sent("udp", host, send(a, data, 100, 0));
              t.received("udp", host, recv(b, data, 10, 0));
              uint16_t port = 0, own = 0;
              close(bound_udp("127.0.0.1", port)); // nobody is there now
              const int lost = bound_udp("127.0.0.1", own);
              connect_udp(lost, "127.0.0.1", port);
              for (int i = 0; i < 4; i++) {
                  t.sent("udp", host, send(lost, data, 7, 0));
                  poll(nullptr, 0, 5);
              }
          }}});
    close(a), close(b);
}

} // namespace

const std::vector<Case> datagram_cases = {
    {"udp", udp},
    {"udp_ipv6", udp_ipv6},
    {"udp_mapped", udp_mapped},
    {"udplite", udplite},
    {"udp_unconnected", udp_unconnected},
    {"udp_small", udp_small},
    {"many_messages", many_messages},
    {"oddities", oddities},
};

} // namespace traffic
