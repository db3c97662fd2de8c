// SPDX-License-Identifier: MIT
#include "tools/web/access/access.h"

#include "lib/base/base64.h"
#include "tests/unit/support/child.h"

#include <crypt.h>
#include <filesystem>
#include <gtest/gtest.h>

namespace pinpipe::web {
namespace {

using namespace std::chrono_literals;

// The cheapest hash: the test is not about its strength.
std::string hash_of(const char *password) {
    char salt[CRYPT_GENSALT_OUTPUT_SIZE];
    crypt_data work{};
    crypt_gensalt_rn("$y$", 1, nullptr, 0, salt, sizeof salt);
    return crypt_r(password, salt, &work);
}

std::string basic(const std::string &pair) {
    std::string text(base64_size(pair.size()), 0);
    put_base64(text.data(), reinterpret_cast<const unsigned char *>(pair.data()), pair.size());
    return "Basic " + text;
}

class WebGate : public testing::Test {
protected:
    // Waits for the password check as often as the answer is that it is under way.
    Admission::Kind admit(Who who, const std::string &pair, const std::string &peer = "") {
        auto admission = access_.admit(who, basic(pair), "", peer, nullptr);
        if (admission.kind != Admission::waiting)
            return admission.kind;
        while (!admission.check->done) {
            pollfd woken{waker_.get(), POLLIN, 0};
            poll(&woken, 1, 5000);
            waker_.take();
            access_.collect();
        }
        return access_.admit(who, basic(pair), "", peer, admission.check.get()).kind;
    }

    Waker waker_ = std::move(*Waker::make());
    AccessControl access_{Passwords{.view = hash_of("seeing"), .room = hash_of("sending")}, waker_};
};

TEST_F(WebGate, EachPasswordForItsOwn) {
    EXPECT_EQ(admit(Who::view, "view:seeing"), Admission::granted);
    EXPECT_EQ(admit(Who::room, "room:sending"), Admission::granted);
    EXPECT_EQ(admit(Who::view, "view:sending"), Admission::refused);
    EXPECT_EQ(admit(Who::view, "room:sending"), Admission::refused);
    EXPECT_EQ(admit(Who::room, "view:seeing"), Admission::refused);
    EXPECT_EQ(admit(Who::room, "room:seeing"), Admission::refused);
}

TEST_F(WebGate, WhatIsNoBasicIsRefused) {
    for (const char *header : {"", "Basic", "Basic ", "Basic !!!!", "Bearer dmlldzpzZWVpbmc="})
        EXPECT_EQ(access_.admit(Who::view, header, "", "", nullptr).kind, Admission::refused);
}

TEST_F(WebGate, ARightPasswordIsRememberedAWrongOneThrottled) {
    EXPECT_EQ(admit(Who::view, "view:seeing", "a"), Admission::granted);
    EXPECT_EQ(access_.admit(Who::view, basic("view:seeing"), "", "a", nullptr).kind,
              Admission::granted);
    for (int i = 0; i < 5; i++)
        EXPECT_EQ(admit(Who::view, "view:wrong", "a"), Admission::refused);
    EXPECT_EQ(admit(Who::view, "view:wrong", "a"), Admission::throttled);
    EXPECT_EQ(admit(Who::view, "view:wrong", "b"), Admission::refused);
    EXPECT_EQ(admit(Who::view, "view:seeing", "b"), Admission::granted);
}

// A password that was right a moment ago is in memory: guesses must not find it there.
TEST_F(WebGate, AThrottledPeerIsNotToldWhichPasswordIsRight) {
    EXPECT_EQ(admit(Who::view, "view:seeing", "owner"), Admission::granted);
    for (int i = 0; i < 5; i++)
        EXPECT_EQ(admit(Who::view, "view:wrong", "a"), Admission::refused);
    EXPECT_EQ(admit(Who::view, "view:seeing", "a"), Admission::throttled);
    EXPECT_EQ(admit(Who::room, "room:sending", "a"), Admission::throttled);
    EXPECT_EQ(admit(Who::view, "view:seeing", "owner"), Admission::granted);
}

// Nor when all peers together have used up their tries: each guess is one of the peer's own.
TEST_F(WebGate, GuessesOfManyPeersAreCounted) {
    EXPECT_EQ(admit(Who::view, "view:seeing", "owner"), Admission::granted);
    for (int peer = 0; peer < 20; peer++)
        for (int i = 0; i < 5; i++)
            admit(Who::view, "view:wrong", std::to_string(peer));
    for (int peer = 0; peer < 20; peer++)
        EXPECT_EQ(admit(Who::view, "view:seeing", std::to_string(peer)), Admission::throttled);
}

TEST_F(WebGate, SessionsAreForThoseWhoWatch) {
    const std::string token = access_.open_session();
    EXPECT_EQ(token.size(), 64u);
    EXPECT_NE(token, access_.open_session());
    EXPECT_EQ(access_.admit(Who::view, "", token, "", nullptr).kind, Admission::granted);
    EXPECT_EQ(access_.admit(Who::room, "", token, "", nullptr).kind, Admission::refused);
    EXPECT_EQ(access_.admit(Who::view, "", token.substr(1), "", nullptr).kind, Admission::refused);
    access_.close_session(token);
    EXPECT_EQ(access_.admit(Who::view, "", token, "", nullptr).kind, Admission::refused);
}

TEST(WebGateAlone, WithoutPasswordsOrWithoutOneForSending) {
    const Waker waker = std::move(*Waker::make());
    AccessControl open({}, waker);
    EXPECT_EQ(open.admit(Who::room, "", "", "", nullptr).kind, Admission::granted);
    AccessControl watching(Passwords{.view = hash_of("seeing"), .room = ""}, waker);
    EXPECT_EQ(watching.admit(Who::room, basic("room:x"), "", "", nullptr).kind, Admission::closed);
}

TEST(WebSessions, EndUnusedOrOld) {
    Sessions sessions;
    const auto start = Sessions::Clock::now();
    const std::string token = sessions.open(start);
    EXPECT_TRUE(sessions.knows(token, start + 11h));
    EXPECT_TRUE(sessions.knows(token, start + 22h));
    EXPECT_FALSE(sessions.knows(token, start + 35h));
    const std::string busy = sessions.open(start);
    for (auto at = start; at < start + 7 * 24h; at += 10h)
        EXPECT_TRUE(sessions.knows(busy, at));
    EXPECT_FALSE(sessions.knows(busy, start + 7 * 24h + 1s));
}

TEST(WebThrottle, EachPeerAndAllTogether) {
    Throttle throttle;
    const auto start = Throttle::Clock::now();
    for (int i = 0; i < 5; i++)
        EXPECT_EQ(throttle.take("a", start), 0u);
    EXPECT_EQ(throttle.take("a", start), 5u);
    EXPECT_EQ(throttle.take("a", start + 5s), 0u);
    throttle.give_back("a");
    EXPECT_EQ(throttle.take("a", start + 5s), 0u);
    unsigned let_in = 0;
    for (int i = 0; i < 100; i++)
        let_in += throttle.take(std::to_string(i), start + 6s) == 0;
    EXPECT_LT(let_in, 35u);
    EXPECT_GT(let_in, 20u);
}

TEST(WebPasswords, Files) {
    const std::string view = "view:" + hash_of("seeing"), room = "room:" + hash_of("sending");
    const auto both = parse_passwords("f", "# ours\n\n" + view + "\n" + room + "\n");
    ASSERT_TRUE(both);
    EXPECT_TRUE(is_password("seeing", both->view));
    EXPECT_FALSE(is_password("seeing", both->room));
    EXPECT_FALSE(is_password(std::string("seeing\0", 7), both->view));
    EXPECT_TRUE(parse_passwords("f", view));
    for (const std::string &text : std::vector<std::string>{
             "", room, "view:secret\n", "view:$6$salt$hash\n", "viewer:" + view.substr(5),
             view + "\nnonsense\n", "view:$y$j9T$", "view:*"})
        EXPECT_FALSE(parse_passwords("f", text)) << text;
}

TEST(WebPasswords, NobodyElseMayReadThem) {
    const std::string path = testing::TempDir() + "passwords-" + std::to_string(getpid());
    std::ofstream(path) << "view:" << hash_of("seeing") << "\n";
    for (const auto &[mode, fine] :
         {std::pair(0600, true), {0400, true}, {0640, false}, {0604, false}}) {
        chmod(path.c_str(), static_cast<mode_t>(mode));
        EXPECT_EQ(load_passwords(path).has_value(), fine) << mode;
    }
    EXPECT_FALSE(load_passwords(testing::TempDir()));
    std::filesystem::remove(path);
    EXPECT_FALSE(load_passwords(path));
}

TEST(WebSecret, ComparesAndNames) {
    EXPECT_TRUE(equal_secrets("", ""));
    EXPECT_TRUE(equal_secrets("abc", "abc"));
    EXPECT_FALSE(equal_secrets("abc", "abd"));
    EXPECT_FALSE(equal_secrets("abc", "ab"));
    EXPECT_FALSE(equal_secrets("ab", "abc"));
    const SecretNames names, others;
    EXPECT_EQ(names.of("a"), names.of("a"));
    EXPECT_NE(names.of("a"), names.of("b"));
    EXPECT_NE(names.of("a"), others.of("a"));
    EXPECT_EQ(hex(std::string("\x00\xff", 2)), "00ff");
}

} // namespace
} // namespace pinpipe::web
