// SPDX-License-Identifier: MIT
#include "lib/event/json_line.h"

#include "tests/unit/support/json.h"

#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <vector>

namespace pinpipe {
namespace {

// Checks the contract slowly: harmless JSON on one line that means the same text.
void check(std::string_view bytes) {
    const std::string json = json_string(bytes);
    const std::string expected = with_replacements(bytes);
    ASSERT_TRUE(is_harmless(json)) << testing::PrintToString(bytes);
    ASSERT_EQ(decode_json(json), expected) << json << " from " << testing::PrintToString(bytes);
    rapidjson::Document document;
    document.Parse<rapidjson::kParseValidateEncodingFlag>(json.data(), json.size());
    ASSERT_TRUE(document.IsString()) << json;
    ASSERT_EQ(std::string(document.GetString(), document.GetStringLength()), expected);
}

std::string bytes(std::initializer_list<unsigned> list) {
    std::string all;
    for (unsigned byte : list)
        all += static_cast<char>(byte);
    return all;
}

TEST(JsonString, IsExactlyThis) {
    EXPECT_EQ(json_string(""), R"("")");
    EXPECT_EQ(json_string("eth0"), R"("eth0")");
    EXPECT_EQ(json_string(R"(a"b\c/d)"), R"("a\"b\\c/d")");
    EXPECT_EQ(json_string("\n\r\t\b\f"), R"("\n\r\t\b\f")");
    EXPECT_EQ(json_string(std::string_view("\0\x1b", 2)), R"("\u0000\u001B")");
    EXPECT_EQ(json_string("a\x7f"), R"("a\u007f")");
    EXPECT_EQ(json_string("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0"), "\"\\u0080\\u009b\\u009f\xc2\xa0\"");
    EXPECT_EQ(json_string("\xe2\x80\xaetxt\xe2\x81\xa9\xd8\x9c"), R"("\u202etxt\u2069\u061c")");
    EXPECT_EQ(json_string("\xff"), "\"\xef\xbf\xbd\"");
    EXPECT_EQ(json_string("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7"),
              "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7\"");
}

TEST(JsonString, EverySingleByte) {
    for (unsigned byte = 0; byte < 256; byte++) {
        check(bytes({byte}));
        check(bytes({'a', byte, 'b'}));
    }
}

TEST(JsonString, EveryPairOfBytes) {
    for (unsigned first = 0; first < 256; first++)
        for (unsigned second = 0; second < 256; second++)
            check(bytes({first, second}));
}

TEST(JsonString, EveryThreeByteLead) {
    for (unsigned first = 0xe0; first < 0xf0; first++)
        for (unsigned second = 0x70; second < 0xd0; second++)
            for (unsigned third : {0x00u, 0x22u, 0x7fu, 0x80u, 0x9fu, 0xbfu, 0xc0u, 0xffu})
                check(bytes({first, second, third}));
}

TEST(JsonString, EveryFourByteLead) {
    for (unsigned first = 0xf0; first < 0x100; first++)
        for (unsigned second = 0x7f; second < 0xc2; second++)
            for (unsigned third : {0x5cu, 0x7fu, 0x80u, 0xbfu, 0xc0u})
                for (unsigned fourth : {0x22u, 0x80u, 0xbfu, 0xc0u})
                    check(bytes({first, second, third, fourth}));
}

// Returns how many characters U+FFFD replace what is not UTF-8: one for each byte.
TEST(JsonString, EachWrongByteIsReplaced) {
    const auto replacements = [](const std::string &text) {
        const std::string json = json_string(text);
        size_t count = 0;
        for (size_t at = 0; (at = json.find("\xef\xbf\xbd", at)) != json.npos; at += 3)
            count++;
        return count;
    };
    EXPECT_EQ(replacements("\x80"), 1u);
    EXPECT_EQ(replacements("\xc0\xaf"), 2u);         // overlong '/'
    EXPECT_EQ(replacements("\xe0\x80\xaf"), 3u);     // the same in three
    EXPECT_EQ(replacements("\xf0\x80\x80\xaf"), 4u); // and in four
    EXPECT_EQ(replacements("\xe0\x9f\xbf"), 3u);     // U+07FF in three
    EXPECT_EQ(replacements("\xf0\x8f\xbf\xbf"), 4u); // U+FFFF in four
    EXPECT_EQ(replacements("\xed\xa0\x80"), 3u);     // U+D800
    EXPECT_EQ(replacements("\xed\xbf\xbf"), 3u);     // U+DFFF
    EXPECT_EQ(replacements("\xf4\x90\x80\x80"), 4u); // U+110000
    EXPECT_EQ(replacements("\xf8\x88\x80\x80\x80"), 5u);
    EXPECT_EQ(replacements("\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf"), 0u);
}

// The rest of the character may lie behind the end: bytes there are not read.
TEST(JsonString, TruncatedAtTheEnd) {
    for (const std::string &whole :
         std::vector<std::string>{"\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x90\xa7"})
        for (size_t length = 1; length < whole.size(); length++) {
            const std::string cut = whole.substr(0, length);
            check(cut);
            check("a" + cut);
            check(cut + whole);
            check(std::string_view(whole).substr(0, length));
        }
}

TEST(JsonString, RandomBytes) {
    std::mt19937 random(3);
    const std::string likely = "\"\\\x1b[0m\xc2\x9b\xc3\xbc\xe2\x82\xac\xed\xa0\x80\xf4\x90\xff\n";
    for (int i = 0; i < 20000; i++) {
        std::string text(random() % 40, ' ');
        for (char &c : text)
            c = random() % 2 ? likely[random() % likely.size()] : static_cast<char>(random());
        check(text);
    }
}

TEST(JsonLines, KeepsWhatIsCommitted) {
    JsonLines lines;
    EXPECT_EQ(lines.size(), 0u);
    lines.append("{}\n");
    char *to = lines.room(100);
    to = put(to, "[1");
    to = put(to, std::string_view(",2]\n"));
    lines.commit(to);
    lines.append("");
    EXPECT_EQ(std::string(lines.data(), lines.size()), "{}\n[1,2]\n");
    lines.commit(lines.room(10)); // nothing
    EXPECT_EQ(lines.size(), 9u);
    lines.clear();
    EXPECT_EQ(lines.size(), 0u);
    lines.append("x");
    EXPECT_EQ(std::string(lines.data(), lines.size()), "x");
}

TEST(JsonLines, Grows) {
    JsonLines lines;
    std::string expected;
    for (int i = 0; i < 2000; i++) {
        const std::string line(static_cast<size_t>(i % 300), static_cast<char>('a' + i % 26));
        char *to = lines.room(2048);
        lines.commit(put(to, std::string_view(line)));
        expected += line;
    }
    EXPECT_EQ(std::string_view(lines.data(), lines.size()), expected);
}

TEST(JsonLines, Numbers) {
    constexpr auto most = std::numeric_limits<unsigned long long>::max();
    std::vector<unsigned long long> numbers = {0, most};
    for (unsigned long long n = 1; n <= most / 10; n *= 10)
        numbers.insert(numbers.end(), {n - 1, n, n + 1, n * 10});
    for (unsigned long long n : numbers) {
        char text[32];
        EXPECT_EQ(std::string(text, put_number64(text, n)), std::to_string(n));
        const auto small = static_cast<unsigned>(n);
        EXPECT_EQ(std::string(text, put_number(text, small)), std::to_string(small));
    }
}

} // namespace
} // namespace pinpipe
