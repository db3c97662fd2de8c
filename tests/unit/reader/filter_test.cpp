// SPDX-License-Identifier: MIT
#include "tools/reader/filter.h"

#include "lib/base/address.h"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>

namespace pinpipe::reader {
namespace {

class ReaderFilter : public testing::Test {
protected:
    ReaderFilter() {
        record.local = parse_prefix("192.0.2.1")->host;
        record.remote = parse_prefix("198.51.100.7")->host;
        record.local_port = 40000;
        record.remote_port = 443;
        record.process.pid = 1234;
        record.protocol = PROTOCOL_TCP;
        record.flags = SOCKET_OUT;
        std::strcpy(record.process.comm, "curl");
    }
    bool pass() const {
        const socket_filter filter = socket_filter_of(request, 0, nullptr);
        return wants_event(&filter, &record);
    }

    Request request;
    socket_record record{};
};

TEST_F(ReaderFilter, NothingAskedForLetsAllThrough) {
    EXPECT_TRUE(pass());
}

TEST_F(ReaderFilter, OwnPipeline) {
    socket_filter filter = socket_filter_of(request, 0, nullptr);
    EXPECT_FALSE(is_own(&filter, &record.process)) << "of no process group, as the filter";
    filter.leave_out_own = 1;
    for (const uint32_t pgid : {1u, 4711u, ~0u}) {
        filter.pgid = record.process.pgid = pgid;
        EXPECT_TRUE(is_own(&filter, &record.process)) << pgid;
        record.process.pgid++;
        EXPECT_FALSE(is_own(&filter, &record.process)) << pgid;
    }
    EXPECT_TRUE(pass()) << "left out, and yet of the filter: it is counted";
    std::fill(std::begin(filter.own), std::end(filter.own), NO_PROCESS);
    record.process.pid = 0;
    EXPECT_FALSE(is_own(&filter, &record.process)) << "no process is known";
    record.process.pid = 1234;
    for (uint32_t &own : filter.own) {
        EXPECT_FALSE(is_own(&filter, &record.process));
        own = 1234;
        EXPECT_TRUE(is_own(&filter, &record.process));
        own = NO_PROCESS;
    }
}

TEST_F(ReaderFilter, WhoIsNamedIsMeant) {
    EXPECT_TRUE(leaves_out_self(request));
    request.pids = {1234};
    EXPECT_FALSE(leaves_out_self(request));
    request.pids.clear();
    request.comms = {"curl"};
    EXPECT_FALSE(leaves_out_self(request));
    request.comms.clear();
    request.include_self = true;
    EXPECT_FALSE(leaves_out_self(request));
}

TEST_F(ReaderFilter, Processes) {
    request.pids = {1, 1234};
    EXPECT_TRUE(pass());
    record.process.pid = 12;
    EXPECT_FALSE(pass());
    request.pids.assign(FILTER_PIDS, 99);
    request.pids.back() = 12;
    EXPECT_TRUE(pass());
}

TEST_F(ReaderFilter, Names) {
    request.comms = {"wget", "curl"};
    EXPECT_TRUE(pass());
    std::strcpy(record.process.comm, "curl2");
    EXPECT_FALSE(pass());
    request.comms = {"123456789012345"};
    std::strcpy(record.process.comm, "123456789012345");
    EXPECT_TRUE(pass());
}

TEST_F(ReaderFilter, PortsAtEitherEnd) {
    request.ports = {{1, 442}, {443, 443}};
    EXPECT_TRUE(pass());
    request.ports = {{39999, 40000}};
    EXPECT_TRUE(pass());
    request.ports = {{444, 39999}, {40001, 65535}};
    EXPECT_FALSE(pass());
}

TEST_F(ReaderFilter, HostAtEitherEnd) {
    for (const char *prefix : {"192.0.2.1", "192.0.2.0/24", "198.51.100.0/24"}) {
        request.host = *parse_prefix(prefix);
        EXPECT_TRUE(pass()) << prefix;
    }
    for (const char *prefix : {"192.0.2.2", "203.0.113.0/24", "2001:db8::/32"}) {
        request.host = *parse_prefix(prefix);
        EXPECT_FALSE(pass()) << prefix;
    }
}

TEST_F(ReaderFilter, ProtocolsAndDirections) {
    request.protos = {"udp", "udplite"};
    EXPECT_FALSE(pass());
    request.protos = {"mptcp", "tcp"};
    EXPECT_TRUE(pass());
    request.directions = 1;
    EXPECT_FALSE(pass());
    record.flags = 0;
    EXPECT_TRUE(pass());
}

TEST_F(ReaderFilter, PayloadAsFarAsLoaded) {
    EXPECT_EQ(socket_filter_of(request, 500, nullptr).payload, 500u);
    request.payload = false;
    EXPECT_EQ(socket_filter_of(request, 500, nullptr).payload, 0u);
}

} // namespace
} // namespace pinpipe::reader
