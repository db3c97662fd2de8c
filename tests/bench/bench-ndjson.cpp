// SPDX-License-Identifier: MIT
// Measures the way from a ring buffer to NDJSON, compared with a plain rapidjson::Writer and with a
// consumer that only counts.
#include "lib/base/address.h"
#include "tests/bench/bench.h"
#include "tests/bench/program.h"
#include "tools/reader/lines/event_json.h"
#include "tools/reader/lines/icmp_names.h"

#include <atomic>
#include <rapidjson/writer.h>
#include <sched.h>
#include <thread>
#include <unistd.h>

namespace {

using namespace pinpipe;

constexpr size_t block = 64 * 1024;
constexpr int records = 10'000;

struct Sink {
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    void write(const char *data, size_t size) const {
        bench::must(::write(fd, data, size) == static_cast<ssize_t>(size), "write to /dev/null");
    }
};

// As ebpf-read writes lines.
class Fast {
public:
    void take(const icmp_record &r) {
        write_icmp(lines_, r,
                   {.microseconds = 1'700'000'000'000'000 + r.time / 1000,
                    .seq = ++seq_,
                    .hook_run = hook_});
        if (lines_.size() >= block)
            flush();
    }
    void flush() {
        sink_.write(lines_.data(), lines_.size());
        lines_.clear();
    }

private:
    JsonLines lines_;
    std::string hook_ = interface_run("eth0");
    uint64_t seq_ = 0;
    Sink sink_;
};

// Writes the same fields with a reused rapidjson::Writer, in the straightforward way.
class Plain {
public:
    void take(const icmp_record &r) {
        rapidjson::Writer<rapidjson::StringBuffer> &w = writer_;
        w.Reset(buffer_);
        const uint64_t us = 1'700'000'000'000'000 + r.time / 1000;
        const unsigned version = r.flags & PACKET_IPV6 ? 6 : 4;
        w.StartObject();
        w.Key("v"), w.Uint(1);
        w.Key("event_type"), w.String("icmp");
        w.Key("timestamp"), w.Uint64(us / 1000);
        w.Key("timestamp_us"), w.Uint64(us);
        w.Key("seq"), w.Uint64(++seq_);
        w.Key("src_ip"), w.String(address_text(r.src).c_str());
        w.Key("dst_ip"), w.String(address_text(r.dst).c_str());
        w.Key("proto"), w.String(version == 4 ? "icmp" : "icmpv6");
        w.Key("icmp_type"), w.Uint(r.type);
        w.Key("icmp_code"), w.Uint(r.code);
        w.Key("icmp_name"), w.String(std::string(icmp_name(version, r.type)).c_str());
        w.Key("icmp_id"), w.Uint(static_cast<unsigned>(r.rest[0] << 8 | r.rest[1]));
        w.Key("icmp_seq"), w.Uint(static_cast<unsigned>(r.rest[2] << 8 | r.rest[3]));
        w.Key("ttl"), w.Uint(r.ttl);
        w.Key("length"), w.Uint(r.length);
        w.Key("ip_version"), w.Uint(version);
        w.Key("ifname"), w.String("eth0");
        w.EndObject();
        buffer_.Put('\n');
        if (buffer_.GetSize() >= block)
            flush();
    }
    void flush() {
        sink_.write(buffer_.GetString(), buffer_.GetSize());
        buffer_.Clear();
    }

private:
    rapidjson::StringBuffer buffer_;
    rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
    uint64_t seq_ = 0;
    Sink sink_;
};

class Counter {
public:
    void take(const icmp_record &r) { bytes_ += r.length; }
    void flush() { bench::keep(bytes_); }

private:
    uint64_t bytes_ = 0;
};

template <class To> uint64_t drain(Ring &ring, To &to) {
    static std::vector<Record> batch(64);
    uint64_t total = 0;
    for (size_t count; (count = ring.take(batch)) > 0; total += count)
        for (size_t i = 0; i < count; i++)
            to.take(*batch[i].as<icmp_record>());
    to.flush();
    return total;
}

// Lines a second from a ring that was filled before, each event from another address.
template <class To> double prefilled(bench::Program &program, To &to) {
    program.ring().skip();
    for (uint32_t i = 0; i < records; i++)
        bench::run(program.plain(), bench::frame(i * 7919), 1);
    const double start = bench::seconds(CLOCK_MONOTONIC);
    const uint64_t count = drain(program.ring(), to);
    const double time = bench::seconds(CLOCK_MONOTONIC) - start;
    bench::must(count == records, "a full ring");
    return static_cast<double>(count) / time;
}

void stay_on(unsigned cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

// Events a second read while another processor writes as fast as it can.
template <class To> double live(bench::Program &program, To &to) {
    std::atomic<bool> over = false;
    program.ring().skip();
    std::thread producer([&] {
        stay_on(0);
        while (!over)
            bench::run(program.plain(), bench::frame(), 20'000);
    });
    stay_on(1);
    uint64_t total = 0;
    const double start = bench::seconds(CLOCK_MONOTONIC);
    while (bench::seconds(CLOCK_MONOTONIC) - start < 0.5) {
        usleep(200);
        total += drain(program.ring(), to);
    }
    const double time = bench::seconds(CLOCK_MONOTONIC) - start;
    over = true;
    producer.join();
    return static_cast<double>(total) / time;
}

} // namespace

int main() {
    bench::Program program;
    program.ask(true);
    Fast fast;
    Plain plain;
    Counter counter;
    bench::tell(
        "prefilled ring to NDJSON : plain rapidjson::Writer",
        bench::in_pairs(
            9, [&] { return prefilled(program, fast); }, [&] { return prefilled(program, plain); }),
        "lines/s", 8.0, false);
    bench::tell("live, reading every 200 us, to NDJSON : only counting",
                bench::in_pairs(
                    5, [&] { return live(program, fast); }, [&] { return live(program, counter); }),
                "events/s", 0.4, false);
    return bench::failures ? 1 : 0;
}
