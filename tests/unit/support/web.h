// SPDX-License-Identifier: MIT
// Helpers for tests of ebpf-web.
#pragma once

#include "tests/unit/support/json.h"
#include "tools/web/model/hub.h"

namespace pinpipe::web {

inline Now at_second(int64_t second) {
    return {.ms = 1'795'000'000'000 + second * 1000,
            .steady = 1'000'000'000 + second * 1000,
            .second = 1'000'000 + second};
}

// A hub that has taken lines as from standard input.
class Fed {
public:
    explicit Fed(std::initializer_list<std::string> lines = {}) {
        for (const std::string &line : lines)
            feed(line);
    }
    bool feed(const std::string &line, int64_t second = 0) {
        return intake_.take(line, false, at_second(second));
    }

    Hub hub{"e", [] {}};

private:
    Intake intake_{hub};
};

inline std::string usage_line(unsigned pid, const char *comm, uint64_t sent, uint64_t received,
                              const char *more = "") {
    return R"({"v":1,"event_type":"usage","timestamp":1,"timestamp_us":1000,"pid":)" +
           std::to_string(pid) + R"(,"comm":")" + comm +
           R"(","start_time":5,"proto":"tcp","remote_ip":"192.0.2.1","bytes_sent":)" +
           std::to_string(sent) + R"(,"bytes_received":)" + std::to_string(received) +
           R"(,"interval_ms":1000)" + more + "}";
}

inline rapidjson::Document parsed_answer(const std::string &text) {
    EXPECT_TRUE(is_event_line(text)) << text;
    rapidjson::Document document;
    document.Parse(text.c_str());
    EXPECT_TRUE(!document.HasParseError() && document.IsObject());
    return document;
}

} // namespace pinpipe::web
