// SPDX-License-Identifier: MIT
#include "tools/web/http/connection_limits.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>

namespace pinpipe::web {
namespace {

struct Address {
    explicit Address(const char *text) {
        auto &v4 = reinterpret_cast<sockaddr_in &>(bytes);
        auto &v6 = reinterpret_cast<sockaddr_in6 &>(bytes);
        if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
            v4.sin_family = AF_INET;
        else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
            v6.sin6_family = AF_INET6;
    }
    const sockaddr *get() const { return reinterpret_cast<const sockaddr *>(&bytes); }

    sockaddr_storage bytes{};
};

std::string peer(const char *text) {
    return peer_of(Address(text).get());
}

TEST(WebConnectionLimits, APeerIsAnAddressOrASite) {
    EXPECT_EQ(peer("192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(peer("::ffff:192.0.2.1"), "192.0.2.1"); // the same peer
    EXPECT_EQ(peer("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    EXPECT_EQ(peer("2001:db8:1:2::9"), peer("2001:db8:1:2:ffff::"));
    EXPECT_NE(peer("2001:db8:1:2::"), peer("2001:db8:1:3::"));
}

TEST(WebConnectionLimits, ThisMachineIsNoPeer) {
    for (const char *text : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"})
        EXPECT_EQ(peer(text), "") << text;
    for (const char *text : {"126.255.255.255", "128.0.0.1", "::2", "::ffff:128.0.0.1"})
        EXPECT_NE(peer(text), "") << text;
    const sockaddr other{.sa_family = AF_UNIX, .sa_data = {}};
    EXPECT_EQ(peer_of(&other), "?");
}

TEST(WebConnectionLimits, WhoHasNoConnectionIsAdmitted) {
    ConnectionLimits doors;
    for (const char *text : {"192.0.2.1", "127.0.0.1", "2001:db8::1"})
        EXPECT_EQ(ConnectionLimits::admit(&doors, Address(text).get(), 0), MHD_YES) << text;
}

TEST(WebConnectionLimits, FilesAreLeftForTheRest) {
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    const ConnectionLimits doors;
    rlimit now{};
    getrlimit(RLIMIT_NOFILE, &now);
    EXPECT_GE(doors.most_connections(), 64u);
    EXPECT_LE(doors.most_connections(), 4096u);
    EXPECT_LT(doors.most_connections(), now.rlim_cur);
    EXPECT_EQ(now.rlim_cur, before.rlim_max); // as many files as the process may have
    setrlimit(RLIMIT_NOFILE, &before);
}

} // namespace
} // namespace pinpipe::web
