// SPDX-License-Identifier: MIT
#include "tools/reader/lines/owner_book.h"

#include "bpf/abi/usage.h"

#include <cstring>
#include <gtest/gtest.h>

namespace pinpipe {
namespace {

constexpr uint32_t host = 4026531840, container = 4026532999;
constexpr uint32_t tcp = 5050, udp = uint32_t{RULE_UDP} << 16 | 5050;

bind_record bound(uint32_t pid, const char *comm, uint32_t netns = host, uint8_t proto = 6,
                  uint8_t flags = 0) {
    bind_record record{};
    record.socket.process.pid = pid;
    record.socket.process.start = 1000 + pid;
    record.socket.proto = proto;
    record.socket.local_port = 5050;
    record.socket.flags = flags;
    std::strcpy(record.socket.process.comm, comm);
    record.action = BIND_LISTEN;
    record.netns = netns;
    return record;
}

port_user user(uint32_t pid, uint32_t index = tcp) {
    return {.start = 1000 + pid, .pid = pid, .netns = host, .index = index, .zero = 0};
}

port_usage moved(uint64_t sent, uint64_t received) {
    port_usage sum{};
    sum.bytes_sent = sent;
    sum.bytes_received = received;
    sum.process.uid = 33;
    std::strcpy(sum.process.comm, "worker");
    return sum;
}

std::string names(const OwnerBook &book, PortPlace place = {host, tcp}) {
    std::string text;
    for (const PortOwner &owner : book.owners(place))
        text += (text.empty() ? "" : " ") + owner.comm + (owner.exact ? "" : "?") +
                (owner.bound && !owner.holds ? "-" : "");
    return text;
}

TEST(OwnerBook, FoundOrSeen) {
    OwnerBook book;
    book.look({bound(1, "old", host, 6, SOCKET_FOUND)});
    book.note(bound(2, "new"));
    EXPECT_EQ(names(book), "old? new");
    book.look({bound(1, "old", host, 6, SOCKET_FOUND), bound(2, "new", host, 6, SOCKET_FOUND)});
    EXPECT_EQ(names(book), "old? new") << "what was seen stays seen";
}

TEST(OwnerBook, NamespacesAndProtocolsAreApart) {
    OwnerBook book;
    book.look({bound(1, "a"), bound(2, "b", container), bound(3, "c", host, 17),
               bound(4, "d", host, USAGE_MPTCP), bound(5, "e", host, 136)});
    EXPECT_EQ(names(book), "a d");
    EXPECT_EQ(names(book, {container, tcp}), "b");
    EXPECT_EQ(names(book, {host, udp}), "c");
    EXPECT_EQ(names(book, {container, udp}), "");
}

TEST(OwnerBook, TellsThatSomebodyHasGoneThenThatNobodyIsThere) {
    OwnerBook book;
    book.look({bound(1, "a")});
    EXPECT_EQ(book.changed().size(), 1u);
    book.forget();
    EXPECT_TRUE(book.changed().empty());
    book.look({});
    EXPECT_EQ(names(book), "a-");
    EXPECT_EQ(book.changed().size(), 1u);
    book.forget();
    EXPECT_EQ(names(book), "");
    EXPECT_EQ(book.changed().size(), 1u);
    book.look({});
    book.forget();
    EXPECT_TRUE(book.changed().empty());
}

TEST(OwnerBook, AMomentBetweenLooksIsTold) {
    OwnerBook book;
    book.note(bound(1, "brief"));
    bind_record closed = bound(1, "brief");
    closed.action = BIND_CLOSE;
    book.note(closed);
    book.look({});
    EXPECT_EQ(names(book), "brief-");
}

TEST(OwnerBook, AnotherProcessOfTheSameNumberIsAnother) {
    OwnerBook book;
    book.look({bound(1, "first")});
    book.forget();
    bind_record second = bound(1, "second");
    second.socket.process.start++;
    book.look({second});
    EXPECT_EQ(names(book), "first- second");
}

TEST(OwnerBook, WhatEachMoved) {
    OwnerBook book;
    book.look({bound(1, "server"), bound(2, "idle")});
    book.use(user(1), moved(5, 100));
    book.use(user(3), moved(7, 11));
    ASSERT_EQ(names(book), "server idle worker");
    const auto owners = book.owners({host, tcp});
    EXPECT_EQ(owners[0].bytes_received, 100u);
    EXPECT_EQ(owners[0].bytes_sent, 5u);
    EXPECT_FALSE(owners[1].counted);
    EXPECT_EQ(owners[2].uid, 33u);
    EXPECT_FALSE(owners[2].bound);
    book.forget();
    EXPECT_EQ(names(book), "server idle") << "who only used the port is told of while he does";
    EXPECT_EQ(book.owners({host, tcp})[0].bytes_received, 0u);
    EXPECT_TRUE(book.changed().empty());
}

TEST(OwnerBook, NobodyIsNoOwner) {
    OwnerBook book;
    bind_record nobody = bound(0, "");
    bind_record no_port = bound(1, "x");
    no_port.socket.local_port = 0;
    book.look({nobody, no_port});
    EXPECT_TRUE(book.changed().empty());
}

} // namespace
} // namespace pinpipe
