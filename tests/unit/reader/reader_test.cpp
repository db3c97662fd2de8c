// SPDX-License-Identifier: MIT
// A whole run of the reader in a child, on events of the kernel program: packet in, NDJSON out.
#include "tools/reader/reader.h"

#include "lib/base/signals.h"
#include "tests/unit/support/json.h"
#include "tests/unit/support/loaded.h"
#include "tests/unit/support/stopwatch.h"

#include <sstream>

namespace pinpipe::reader {
namespace {

class ReaderTest : public LoadedTest {
protected:
    Request request() const {
        Request request;
        request.pin_root = root();
        request.streams = icmp;
        return request;
    }

    // Starts a run, and waits until it asks for events.
    void start(const Request &request) {
        out_.emplace();
        err_.emplace();
        fcntl(out_->write.get(), F_SETPIPE_SZ, 1 << 20); // room for all lines of a test
        child_.emplace([&] {
            dup2(out_->write.get(), STDOUT_FILENO);
            dup2(err_->write.get(), STDERR_FILENO);
            close_range(STDERR_FILENO + 1, ~0U, 0);
            return run(request);
        });
        out_->write.reset();
        err_->write.reset();
        wait_for([&] { return wanted_icmp() == 1; });
    }
    void start() { start(request()); }

    // The last line of standard error is the ending: "events lost closed unloaded".
    static int run(const Request &request) {
        catch_stop_signals();
        auto reader = Reader::open(request);
        if (!reader)
            return report("ebpf-read", reader.error());
        Ending ending;
        const auto done = reader->run(ending);
        std::fprintf(stderr, "%llu %llu %d %d", static_cast<unsigned long long>(ending.events),
                     static_cast<unsigned long long>(ending.lost), ending.closed, ending.unloaded);
        return done ? 0 : static_cast<int>(done.error().exit);
    }

    Child &child() { return *child_; }
    Pipe &out() { return *out_; }
    // Waits for the end of the run, which must come by itself; returns its lines, each checked.
    std::vector<rapidjson::Document> lines() {
        std::istringstream text(read_all(out_->read));
        ended_ = read_all(err_->read);
        std::vector<rapidjson::Document> all;
        for (std::string line; std::getline(text, line);) {
            EXPECT_TRUE(is_event_line(line + "\n"));
            all.push_back(parse_json(line));
        }
        return all;
    }
    std::vector<rapidjson::Document> stop() {
        child_->kill(SIGTERM);
        return lines();
    }
    const std::string &ended() const { return ended_; }

    template <class Condition> static void wait_for(Condition condition) {
        const Stopwatch watch;
        while (!condition() && watch.seconds() < patience)
            sched_yield();
        ASSERT_TRUE(condition());
    }
    // Waits until the reader says that it has taken out that many records.
    void wait_for_read(uint64_t count) const {
        wait_for([&] { return control(0).read[STREAM_ICMP] == count; });
    }
    // Waits until the reader sleeps.
    template <class Work> void with_stopped_child(Work work) {
        child_->kill(SIGSTOP);
        int status = 0;
        ASSERT_EQ(waitpid(child_->pid(), &status, WUNTRACED), child_->pid());
        work();
        child_->kill(SIGCONT);
    }

    static uint64_t number(const rapidjson::Document &event, const char *key) {
        return event.HasMember(key) ? event[key].GetUint64() : ~uint64_t{0};
    }
    static std::string text(const rapidjson::Document &event, const char *key) {
        return event.HasMember(key) ? event[key].GetString() : "";
    }
    // Expects line at to report event number with this seq.
    static void expect_event(const rapidjson::Document &event, uint64_t seq, uint32_t fed) {
        ASSERT_EQ(text(event, "event_type"), "icmp");
        ASSERT_EQ(number(event, "seq"), seq);
        ASSERT_EQ(number(event, "icmp_id") << 16 | number(event, "icmp_seq"), fed);
    }
    static void expect_lost(const rapidjson::Document &event, uint64_t count) {
        ASSERT_EQ(text(event, "event_type"), "lost");
        ASSERT_EQ(text(event, "stream"), "icmp");
        ASSERT_EQ(number(event, "count"), count);
    }

private:
    std::optional<Pipe> out_, err_;
    std::optional<Child> child_;
    std::string ended_;
};

TEST_F(ReaderTest, EventsComeAsTheyAreFed) {
    Request five = request();
    five.count = 5;
    start(five);
    const auto before = static_cast<uint64_t>(time(nullptr));
    ASSERT_TRUE(feed_numbers(0x10000, 5));
    const auto events = lines();
    ASSERT_EQ(events.size(), 5u);
    for (uint32_t i = 0; i < 5; i++) {
        expect_event(events[i], i + 1, 0x10000 + i);
        EXPECT_EQ(text(events[i], "ifname"), interface);
        EXPECT_EQ(text(events[i], "src_ip"), "192.0.2.1");
        EXPECT_EQ(text(events[i], "dst_ip"), "198.51.100.2");
        EXPECT_NEAR(static_cast<double>(number(events[i], "timestamp") / 1000),
                    static_cast<double>(before), 2);
    }
    EXPECT_EQ(ended(), "5 0 0 0");
    EXPECT_EQ(child().wait(), 0);
    EXPECT_EQ(wanted_icmp(), 0u) << "it asks no more";
}

TEST_F(ReaderTest, NoMoreThanTheCount) {
    Request five = request();
    five.count = 5;
    start(five);
    with_stopped_child([&] { ASSERT_TRUE(feed_numbers(0, 100)); });
    EXPECT_EQ(lines().size(), 5u);
    EXPECT_EQ(ended(), "5 0 0 0");
}

TEST_F(ReaderTest, WhatASignalFindsInTheRingStillComes) {
    start();
    with_stopped_child([&] {
        ASSERT_TRUE(feed_numbers(0, 150));
        child().kill(SIGTERM);
    });
    const auto events = lines();
    ASSERT_EQ(events.size(), 150u);
    for (uint32_t i = 0; i < 150; i++)
        expect_event(events[i], i + 1, i);
    EXPECT_EQ(ended(), "150 0 0 0");
    EXPECT_EQ(child().wait(), 0);
}

// A gap is reported at its place and with its length, and the numbers go on behind it.
TEST_F(ReaderTest, LossesAreTold) {
    start();
    with_stopped_child([&] { ASSERT_TRUE(feed_numbers(0, room + 50)); });
    wait_for_read(room);
    ASSERT_TRUE(feed_numbers(5000, 3));
    const auto events = stop();
    ASSERT_EQ(events.size(), room + 1 + 3);
    for (uint32_t i = 0; i < room; i++)
        expect_event(events[i], i + 1, i);
    expect_lost(events[room], 50);
    for (uint32_t i = 0; i < 3; i++)
        expect_event(events[room + 1 + i], room + 50 + 1 + i, 5000 + i);
    EXPECT_EQ(ended(), std::to_string(room + 3) + " 50 0 0");
}

TEST_F(ReaderTest, LossesBehindTheLastEventAreTold) {
    start();
    with_stopped_child([&] {
        ASSERT_TRUE(feed_numbers(0, room + 7));
        child().kill(SIGTERM);
    });
    const auto events = lines();
    ASSERT_EQ(events.size(), room + 1);
    expect_lost(events.back(), 7);
    EXPECT_EQ(ended(), std::to_string(room) + " 7 0 0");
}

// Records of an earlier or a later claim of the slot are neither printed nor counted as lost.
TEST_F(ReaderTest, RecordsOfAnotherClaimAreLeftOut) {
    start();
    auto page = Mapping::map(Fd(bpf_obj_get(below("readers/0/control").c_str())).get(),
                             sizeof(reader_control), PROT_READ | PROT_WRITE, 0, "the control");
    ASSERT_TRUE(page);
    volatile auto &generation = page->as<reader_control>()->generation;
    const auto ours = generation;
    ASSERT_TRUE(feed(1));
    for (const unsigned other : {ours - 1u, ours + 1u}) {
        generation = static_cast<__u16>(other);
        ASSERT_TRUE(feed_numbers(100, 3));
    }
    generation = ours;
    ASSERT_TRUE(feed(2));
    const auto events = stop();
    ASSERT_EQ(events.size(), 2u);
    expect_event(events[0], 1, 1);
    expect_event(events[1], 2, 2);
    EXPECT_EQ(ended(), "2 0 0 0");
}

// Losses before the claim do not count for this reader.
TEST_F(ReaderTest, EarlierLossesAreNotTold) {
    reader_losses losses{};
    losses.lost[STREAM_ICMP] = 0xfffffffe;
    losses.written[STREAM_ICMP] = 1000;
    put("maps/losses", losses);
    start();
    ASSERT_TRUE(feed(1));
    wait_for_read(1);
    with_stopped_child([&] { ASSERT_TRUE(feed_numbers(2, room + 5)); });
    wait_for_read(1 + room);
    ASSERT_TRUE(feed(3));
    const auto events = stop();
    ASSERT_EQ(events.size(), 1 + room + 1 + 1);
    expect_lost(events[1 + room], 5);
    expect_event(events.back(), 1 + room + 5 + 1, 3);
}

// A member of the group made the kernel overwrite the ring: all of it is reported as lost, and no
// wrong event comes.
TEST_F(ReaderTest, WhatWasOverwrittenIsTold) {
    start();
    ASSERT_TRUE(feed(1));
    wait_for_read(1);
    auto page = Mapping::map(Fd(bpf_obj_get(below("readers/0/ring").c_str())).get(),
                             sizeof(uint64_t), PROT_READ | PROT_WRITE, 0, "the position");
    ASSERT_TRUE(page);
    volatile uint64_t &position = *page->as<volatile uint64_t>();
    constexpr uint64_t lap = uint64_t{room} * (sizeof(icmp_record) + 8);
    const uint64_t before = position;
    with_stopped_child([&] {
        ASSERT_TRUE(feed_numbers(10, room));
        position = before + lap;
        ASSERT_TRUE(feed_numbers(10, room));
    });
    wait_for([&] { return position == before + 2 * lap; });
    ASSERT_TRUE(feed(2));
    wait_for_read(2);
    const auto events = stop();
    uint64_t lost = 0, seq = 0;
    for (const auto &event : events) {
        if (text(event, "event_type") == "lost")
            lost += number(event, "count");
        else
            seq = number(event, "seq");
    }
    EXPECT_EQ(lost, 2 * room);
    EXPECT_LE(seq, 2 + 2 * room);
    EXPECT_NE(ended().find("another process moved the position of reader slot 0: repaired\n"),
              std::string::npos)
        << ended();
    EXPECT_EQ(ended().substr(ended().rfind('\n') + 1), "2 " + std::to_string(2 * room) + " 0 0");
}

TEST_F(ReaderTest, AnUnloadEndsIt) {
    start();
    ASSERT_TRUE(feed(1));
    auto abi = pins().abi();
    ASSERT_TRUE(abi);
    abi->unloaded = 1;
    put("abi", *abi);
    EXPECT_EQ(lines().size(), 1u);
    EXPECT_EQ(ended(), "1 0 0 1");
    EXPECT_EQ(child().wait(), 0);
}

TEST_F(ReaderTest, ChangedHooksAreLookedUp) {
    Request named = request();
    named.interfaces = {interface};
    start(named);
    EXPECT_EQ(control(0).icmp.hooks, uint64_t{1} << hook);
    ASSERT_TRUE(feed(1));
    wait_for_read(1);
    auto record = layout().hook(hook);
    ASSERT_TRUE(record);
    ASSERT_TRUE(layout().set_hook(63, *record)); // the interface was loaded again, as number 63
    layout().announce();
    wait_for([&] { return control(0).icmp.hooks == (uint64_t{1} << hook | uint64_t{1} << 63); });
    record->kind = HOOK_NONE; // a freed number keeps its name for records in the ring
    ASSERT_TRUE(layout().set_hook(hook, *record));
    layout().announce();
    wait_for([&] { return control(0).icmp.hooks == uint64_t{1} << 63; });
    const auto events = stop();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(text(events[0], "ifname"), interface);
}

TEST_F(ReaderTest, TheFilterIsTheKernels) {
    Request other = request();
    other.host = *parse_prefix("192.0.2.2");
    start(other);
    ASSERT_TRUE(feed_numbers(0, 10));
    EXPECT_EQ(stop().size(), 0u);
    EXPECT_EQ(ended(), "0 0 0 0");
    EXPECT_EQ(element<reader_losses>("maps/losses").written[STREAM_ICMP], 0u) << "not even copied";
    other.host = *parse_prefix("192.0.2.0/31");
    other.versions = 1U << 4;
    start(other);
    ASSERT_TRUE(feed_numbers(0, 10));
    EXPECT_EQ(stop().size(), 10u);
}

TEST_F(ReaderTest, AnIdleOneSeesItsReceiverGo) {
    start();
    out().read.reset();
    EXPECT_EQ(child().wait(), 0);
}

TEST_F(ReaderTest, TheTimeEndsIt) {
    Request brief = request();
    brief.duration = 50'000'000;
    const Stopwatch watch;
    start(brief);
    lines();
    EXPECT_EQ(ended(), "0 0 0 0");
    EXPECT_GE(watch.seconds(), 0.05);
    EXPECT_LT(watch.seconds(), patience);
}

TEST_F(ReaderTest, WhatCannotBeOpened) {
    const auto told = [&](const Request &asked) {
        const Finished ran = run_child([&] { return run(asked); });
        return ran.err + std::to_string(ran.status);
    };
    Request missing = request();
    missing.interfaces = {interface, "eth7"};
    EXPECT_EQ(told(missing), "ebpf-read: interface eth7 is not loaded (loaded: test0)\n"
                             "hint: sudo ebpf-load --xdp eth7 --pin-root " +
                                 root() + "\n69");
    const std::string not_loaded =
        "ebpf-read: not loaded: run: sudo ebpf-load --xdp IFACE --pin-root " + root() + "\n69";
    ASSERT_TRUE(layout().set_hook(hook, {}));
    EXPECT_EQ(told(request()), not_loaded) << "no hook";
    auto abi = pins().abi();
    abi->unloaded = 1;
    put("abi", *abi);
    EXPECT_EQ(told(request()), not_loaded) << "unloaded";
    ASSERT_EQ(rename(below("abi").c_str(), below("kept").c_str()), 0);
    EXPECT_EQ(told(request()), not_loaded) << "no pins";
    ASSERT_EQ(rename(below("kept").c_str(), below("abi").c_str()), 0);
}

} // namespace
} // namespace pinpipe::reader
