// SPDX-License-Identifier: MIT
#include "tools/store/printers.h"

#include <clocale>
#include <gtest/gtest.h>

namespace pinpipe::store {
namespace {

class StorePrinters : public testing::Test {
protected:
    StorePrinters() { std::setlocale(LC_CTYPE, "C.UTF-8"); }
    ~StorePrinters() override { std::setlocale(LC_CTYPE, "C"); }
    static std::string print(Format format, const Heading &heading,
                             const std::vector<ReportRow> &rows, const Ending &ending) {
        std::string out;
        const auto printer = make_printer(format, true);
        printer->begin(heading, out);
        for (const ReportRow &row : rows)
            printer->row(row, out);
        printer->end(ending, out);
        return out;
    }
    const Heading heading_{By::process, false, 0, 3'600'000'000, 60'000'000};
    const std::vector<ReportRow> rows_{
        {"cu\"rl,\x1b", true, 0, 3'600'000'000, {1024, 1, 2, 3}, {0, 1, 8}},
        {"", true, 0, 3'600'000'000, {0, 1, 2, 3}, {0, 0, 1}},
        {"", false, 0, 3'600'000'000, {0, 0, 0, 0}, {0, 0, 0}}};
    const Ending ending_{{1024, 2, 4, 6}, {5, 6, 7, 8}, 3, {{"icmp\n", 17}}};
};

TEST_F(StorePrinters, FieldsOfCsv) {
    EXPECT_EQ(csv_field("plain"), "plain");
    EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
    EXPECT_EQ(csv_field("a\"b"), "\"a\"\"b\"");
    EXPECT_EQ(csv_field("日本"), "日本");
    EXPECT_EQ(csv_field("a\r\n\x1b\x7f\xff\xc2\x9b"), "a\\x0d\\x0a\\x1b\\x7f\\xff\\xc2\\x9b");
    EXPECT_EQ(csv_field("\xe2\x80\xae"), "\\xe2\\x80\\xae");
}

TEST_F(StorePrinters, ATable) {
    EXPECT_EQ(print(Format::table, heading_, rows_, ending_),
              "1970-01-01 00:00:00 to 1970-01-01 01:00:00 UTC\n"
              "    SENT  RECEIVED     TOTAL  each 1m                   PROCESS\n"
              "  1.0KiB        1B    1.0KiB   ▁█                       cu\"rl,\xef\xbf\xbd\n"
              "      0B        1B        1B    █                       ''\n"
              "      0B        0B        0B                            -\n"
              "      5B        6B       11B                            3 more\n"
              "  1.0KiB        2B    1.0KiB                            all\n"
              "lost: 17 of icmp\xef\xbf\xbd\n");
}

TEST_F(StorePrinters, UsersThatAreNone) {
    const Heading users{By::user, false, 0, 1, 0};
    for (const char *uid : {"4294967295", "4294967296", "9007199254740992"})
        EXPECT_NE(print(Format::table, users, {{uid, true, 0, 1, {}, {}}}, {}).find(uid),
                  std::string::npos);
}

TEST_F(StorePrinters, LinesOfJson) {
    const std::string text = print(Format::json, heading_, rows_, ending_);
    EXPECT_EQ(text,
              R"({"by":"process","from":"1970-01-01T00:00:00Z","to":"1970-01-01T01:00:00Z",)"
              R"("comm":"cu\"rl,\u001B","bytes_sent":1024,"bytes_received":1,"calls_sent":2,)"
              R"("calls_received":3})"
              "\n"
              R"({"by":"process","from":"1970-01-01T00:00:00Z","to":"1970-01-01T01:00:00Z",)"
              R"("comm":"","bytes_sent":0,"bytes_received":1,"calls_sent":2,"calls_received":3})"
              "\n"
              R"({"by":"process","from":"1970-01-01T00:00:00Z","to":"1970-01-01T01:00:00Z",)"
              R"("bytes_sent":0,"bytes_received":0,"calls_sent":0,"calls_received":0})"
              "\n"
              R"({"by":"others","from":"1970-01-01T00:00:00Z","to":"1970-01-01T01:00:00Z",)"
              R"("rows":3,"bytes_sent":5,"bytes_received":6,"calls_sent":7,"calls_received":8})"
              "\n"
              R"({"by":"total","from":"1970-01-01T00:00:00Z","to":"1970-01-01T01:00:00Z",)"
              R"("lost":{"icmp\n":17},"bytes_sent":1024,"bytes_received":2,"calls_sent":4,)"
              R"("calls_received":6})"
              "\n");
    const Heading ports{By::port, false, 0, 1, 0};
    EXPECT_NE(
        print(Format::json, ports, {{"443", true, 0, 1, {}, {}}}, {}).find(R"("remote_port":443,)"),
        std::string::npos);
}

TEST_F(StorePrinters, Csv) {
    EXPECT_EQ(print(Format::csv, heading_, rows_, ending_),
              "from,to,comm,bytes_sent,bytes_received,calls_sent,calls_received\r\n"
              "1970-01-01T00:00:00Z,1970-01-01T01:00:00Z,\"cu\"\"rl,\\x1b\",1024,1,2,3\r\n"
              "1970-01-01T00:00:00Z,1970-01-01T01:00:00Z,\"\",0,1,2,3\r\n"
              "1970-01-01T00:00:00Z,1970-01-01T01:00:00Z,,0,0,0,0\r\n");
    const Heading series{By::nothing, true, 0, 2, 0};
    EXPECT_EQ(print(Format::csv, series, {{"", false, 0, 1'000'000, {1, 2, 3, 4}, {}}}, {}),
              "from,to,bytes_sent,bytes_received,calls_sent,calls_received\r\n"
              "1970-01-01T00:00:00Z,1970-01-01T00:00:01Z,1,2,3,4\r\n");
}

} // namespace
} // namespace pinpipe::store
