// SPDX-License-Identifier: MIT
#include "tools/store/members.h"

#include <gtest/gtest.h>

namespace pinpipe::store {
namespace {

TEST(StoreMembers, ByTheNamesOfTheTables) {
    std::string out = "{";
    member<"interval_ms">(out, "1000");
    member<"byte_layer">(out, usage_constant<"byte_layer">());
    EXPECT_EQ(out, R"({,"interval_ms":1000,"byte_layer":"socket")");
    EXPECT_EQ(field_name<"remote_ip">(), "remote_ip");
    EXPECT_EQ(quoted_name<"v">(), "\"v\"");
    EXPECT_EQ(sums_members({1, 2, 3, UINT64_MAX}),
              R"(,"bytes_sent":1,"bytes_received":2,"calls_sent":3,)"
              R"("calls_received":18446744073709551615)");
}

TEST(StoreMembers, TheBeginningOfUsage) {
    EXPECT_EQ(usage_beginning(1'700'000'000'123'456),
              R"({"v":1,"event_type":"usage","timestamp":1700000000123,)"
              R"("timestamp_us":1700000000123456)");
    EXPECT_EQ(usage_beginning(999),
              R"({"v":1,"event_type":"usage","timestamp":0,"timestamp_us":999)");
}

TEST(StoreMembers, ALineOfWhatWasGivenUp) {
    EXPECT_EQ(lost_line(99'000, "usage", 4),
              R"({"v":1,"event_type":"lost","timestamp":99,"timestamp_us":99000,)"
              R"("stream":"usage","count":4,"lost_by":"ebpf-store"})");
    EXPECT_NE(lost_line(1, std::string(5000, '"'), 1).find(R"(\"","count":1,)"), std::string::npos);
}

} // namespace
} // namespace pinpipe::store
