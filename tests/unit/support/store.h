// SPDX-License-Identifier: MIT
// A database of ebpf-store in a new directory.
#pragma once

#include "tools/store/ageing.h"
#include "tools/store/reading.h"
#include "tools/store/writer.h"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>

namespace pinpipe::store {

class StoreDirectory {
public:
    StoreDirectory() {
        std::string name = "/tmp/store-test-XXXXXX";
        path_ = mkdtemp(name.data());
    }
    ~StoreDirectory() { std::filesystem::remove_all(path_); }
    StoreDirectory(const StoreDirectory &) = delete;
    StoreDirectory &operator=(const StoreDirectory &) = delete;

    std::string operator/(const char *name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

inline std::string usage_text(int64_t time, const std::string &comm, uint64_t sent,
                              const std::string &more = "") {
    return R"({"v":1,"event_type":"usage","timestamp_us":)" + std::to_string(time) +
           R"(,"pid":7,"start_time":5,"comm":")" + comm +
           R"(","proto":"tcp","remote_ip":"192.0.2.1","bytes_sent":)" + std::to_string(sent) +
           R"(,"bytes_received":2,"calls_sent":1,"calls_received":1)" + more + "}";
}

inline void add(Writer &writer, const std::string &text, int64_t now = 1) {
    LineParser parser;
    const auto added = writer.add(parser.parse(text), text, now);
    ASSERT_TRUE(added) << added.error().text;
}

inline Writer make_writer(const std::string &path) {
    auto database = Database::open_writer(path, true);
    if (!database)
        throw std::runtime_error(database.error().text);
    auto writer = Writer::make(std::move(*database));
    if (!writer)
        throw std::runtime_error(writer.error().text);
    return std::move(*writer);
}

inline int64_t number(Database &database, const char *sql) {
    const auto value = database.number(sql);
    EXPECT_TRUE(value) << value.error().text;
    return value.value_or(-1);
}

} // namespace pinpipe::store
