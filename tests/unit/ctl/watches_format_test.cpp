// SPDX-License-Identifier: MIT
#include "tests/unit/support/json.h"
#include "tools/ctl/watches_status.h"

#include <cstring>
#include <sstream>

namespace pinpipe::ctl {
namespace {

constexpr uint64_t hooks = 0x30; // numbers 4 and 5

WatchList::Waiting waiting(unsigned proto, uint16_t port, const std::string &name) {
    WatchList::Waiting one{{}, name};
    one.key.kind = SUBJECT_NAME;
    one.key.port = port;
    one.key.proto = static_cast<__u8>(proto);
    std::memcpy(one.key.id, name.data(), std::min<size_t>(name.size(), 15));
    return one;
}

// "80-81/tcp any counting; "
std::string text_of(const std::vector<WatchStatus> &watches) {
    std::string text;
    for (const WatchStatus &watch : watches)
        text += rule_text({watch.range, 1U << watch.proto}) + " " +
                (watch.process ? watch.process->text : "any") +
                (watch.counting ? " counting; " : " waiting; ");
    return text;
}

class Watches : public testing::Test {
protected:
    std::vector<uint64_t> words_ = std::vector<uint64_t>(WATCHED_WORDS);
    uint64_t &tcp(size_t port) { return words_.at(port); }
    uint64_t &udp(size_t port) { return words_.at(size_t{RULE_UDP} << 16 | port); }
};

TEST_F(Watches, PortsNextToEachOtherAreOne) {
    for (const size_t port : {80U, 81U, 82U, 84U, 65535U})
        tcp(port) = WATCH_ALWAYS;
    udp(1) = udp(81) = WATCH_ALWAYS;
    EXPECT_EQ(text_of(watches_of(words_, {}, hooks)),
              "1/udp any counting; 80-82/tcp any counting; 81/udp any counting; 84/tcp any "
              "counting; 65535/tcp any counting; ");
    EXPECT_EQ(text_of(watches_of(words_, {}, 0)).find("counting"), std::string::npos)
        << "there is no hook";
}

TEST_F(Watches, ThoseOfProcessesToo) {
    tcp(80) = WATCH_WAITS | 0x10;
    tcp(81) = tcp(82) = WATCH_WAITS;
    tcp(90) = WATCH_WAITS | 1; // the bit of a hook that is gone
    tcp(91) = WATCH_WAITS | WATCH_ALWAYS;
    EXPECT_EQ(text_of(watches_of(words_,
                                 {waiting(0, 82, "b"), waiting(0, 91, "a"), waiting(0, 81, "b"),
                                  waiting(0, 90, "a"), waiting(0, 80, "b"), waiting(0, 80, "a")},
                                 hooks)),
              "80/tcp a counting; 80/tcp b counting; 81-82/tcp b waiting; 90/tcp a waiting; 91/tcp "
              "any counting; 91/tcp a counting; ");
}

TEST_F(Watches, BitsAloneAreNone) {
    tcp(80) = 0x30;
    udp(80) = WATCH_WAITS;
    EXPECT_TRUE(watches_of(words_, {}, hooks).empty());
}

TEST_F(Watches, AsJson) {
    tcp(80) = tcp(81) = WATCH_ALWAYS;
    udp(53) = WATCH_WAITS;
    const std::string line =
        watches_json(watches_of(words_, {waiting(RULE_UDP, 53, "a\"\x1b")}, hooks));
    EXPECT_EQ(line, "{\"watches\":[{\"first_port\":53,\"last_port\":53,\"proto\":\"udp\","
                    "\"process\":\"a\\\"\\u001B\",\"kind\":\"name\",\"current\":true,\"state\":"
                    "\"waiting\"},{\"first_port\":80,\"last_port\":81,\"proto\":\"tcp\",\"state\":"
                    "\"counting\"}]}\n");
    EXPECT_TRUE(is_event_line(line));
}

TEST_F(Watches, NamesDoNoHarm) {
    for (const char *name : {"\x1b[31m\n", "\"\\", "\xc2\x9b\xff", "\r\t\x7f"}) {
        auto watches = watches_of(words_, {waiting(0, 80, name)}, hooks);
        watches[0].current = false;
        EXPECT_TRUE(is_event_line(watches_json(watches)));
        std::istringstream text(watches_text(watches));
        for (std::string line; std::getline(text, line);)
            EXPECT_TRUE(is_harmless(line));
    }
}

} // namespace
} // namespace pinpipe::ctl
