// SPDX-License-Identifier: MIT
#include "lib/base/error.h"

#include "tests/unit/support/child.h"

#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>

namespace pinpipe {
namespace {

TEST(Error, Reasons) {
    const std::pair<int, const char *> table[] = {
        {EPERM, "permission denied"},
        {EACCES, "permission denied"},
        {ENODEV, "no such device"},
        {ENXIO, "no such device"},
        {E2BIG, "too large for this kernel"},
        {EOPNOTSUPP, "not supported here"},
        {ENOENT, "no such file or directory"},
        {EINVAL, "invalid argument"},
        {ENOSPC, "no space left on device"},
        {EBUSY, "device or resource busy"},
        {EIO, "input/output error"},
        {ETIMEDOUT, "connection timed out"},
        {ENOTDIR, "not a directory"},
        {EFAULT, "bad address"},
    };
    for (const auto &[code, text] : table)
        EXPECT_EQ(reason(code), text) << code;
}

// The text is one line in lower case, whatever the code; an abbreviation keeps its capitals.
TEST(Error, EveryReasonIsOneLine) {
    for (int code = -1; code < 200; code++) {
        const std::string text = reason(code);
        EXPECT_FALSE(text.empty());
        EXPECT_EQ(printable(text), text);
        const bool word = text.size() > 1 && text[1] >= 'a' && text[1] <= 'z';
        EXPECT_FALSE(word && text[0] >= 'A' && text[0] <= 'Z') << text;
    }
    EXPECT_EQ(reason(ELIBACC), "can not access a needed shared library");
    EXPECT_EQ(reason(ENOTUNIQ), "name not unique on network");
    EXPECT_EQ(reason(EBADRQC), "invalid request code");
}

TEST(Error, OfSystemCalls) {
    for (const auto &[code, status] :
         {std::pair(EACCES, Exit::not_permitted), std::pair(EPERM, Exit::not_permitted),
          std::pair(ENOENT, Exit::failed), std::pair(EINVAL, Exit::failed)}) {
        const Error error = system_error("open /run/ebpf/abi", code);
        EXPECT_EQ(error.text, "cannot open /run/ebpf/abi: " + reason(code));
        EXPECT_EQ(error.exit, status);
        EXPECT_EQ(error.code, code);
        EXPECT_EQ(error.hint, "");
    }
}

TEST(Error, OtherKinds) {
    EXPECT_EQ(usage_error("no").exit, Exit::usage);
    EXPECT_EQ(usage_error("no").text, "no");
    EXPECT_EQ(failure("no").exit, Exit::failed);
    EXPECT_EQ(failure("no").text, "no");
    const Error hinted = usage_error("no").with_hint("do this");
    EXPECT_EQ(hinted.hint, "do this");
    EXPECT_EQ(hinted.text, "no");
    EXPECT_EQ(hinted.exit, Exit::usage);
}

TEST(Error, StatusesAreThoseOfTheManual) {
    EXPECT_EQ(static_cast<int>(Exit::ok), 0);
    EXPECT_EQ(static_cast<int>(Exit::failed), 1);
    EXPECT_EQ(static_cast<int>(Exit::usage), 2);
    EXPECT_EQ(static_cast<int>(Exit::not_loaded), 69);
    EXPECT_EQ(static_cast<int>(Exit::output), 74);
    EXPECT_EQ(static_cast<int>(Exit::not_permitted), 77);
}

TEST(Error, ReportPrintsAndReturnsTheStatus) {
    for (Exit status : {Exit::failed, Exit::usage, Exit::not_loaded, Exit::output}) {
        const Finished ran = run_child([&] {
            Error error = failure("cannot do it: no");
            error.exit = status;
            return report("ebpf-x", error);
        });
        EXPECT_EQ(ran.status, static_cast<int>(status));
        EXPECT_EQ(ran.err, "ebpf-x: cannot do it: no\n");
        EXPECT_EQ(ran.out, "");
    }
    const Finished hinted =
        run_child([] { return report("ebpf-x", failure("no").with_hint("sudo do")); });
    EXPECT_EQ(hinted.err, "ebpf-x: no\nhint: sudo do\n");
}

TEST(Error, CommandsInHintsNameThePinRoot) {
    const std::pair<const char *, const char *> hints[] = {
        {"sudo ebpf-load --unload   (then load again)",
         "sudo ebpf-load --unload --pin-root /run/x   (then load again)"},
        {"sudo ebpf-load --check; with -v: the kernel's log",
         "sudo ebpf-load --check --pin-root /run/x; with -v: the kernel's log"},
        {"ebpf-ctl status", "ebpf-ctl status --pin-root /run/x"},
        {"ebpf-read usage | ebpf-top", "ebpf-read usage --pin-root /run/x | ebpf-top"},
        // These commands take no pins, or name them.
        {"ebpf-read --help", "ebpf-read --help"},
        {"ebpf-store x.db </dev/null", "ebpf-store x.db </dev/null"},
        {"ebpf-load --pin-root /y", "ebpf-load --pin-root /y"},
        {"end one of them, or: sudo ebpf-load", "end one of them, or: sudo ebpf-load"},
        {"sudo mkdir /run/ebpf-load", "sudo mkdir /run/ebpf-load"},
        {"", ""},
    };
    for (const auto &[hint, expected] : hints) {
        EXPECT_EQ(with_pin_root(hint, "/run/x"), expected);
        EXPECT_EQ(with_pin_root(hint, ""), hint);
    }
    const Finished ran = run_child([] {
        name_pin_root_in_hints("/run/x");
        return report("ebpf-x", failure("no").with_hint("ebpf-ctl status"));
    });
    EXPECT_EQ(ran.err, "ebpf-x: no\nhint: ebpf-ctl status --pin-root /run/x\n");
}

TEST(Error, ReportIsHarmlessToTerminals) {
    std::string all;
    for (int byte = 0; byte < 256; byte++)
        all += static_cast<char>(byte);
    const Finished ran =
        run_child([&] { return report("ebpf-x", failure(all).with_hint("run " + all)); });
    size_t lines = 0;
    for (const char c : ran.err) {
        lines += c == '\n';
        EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << static_cast<int>(c);
    }
    EXPECT_EQ(lines, 2u);
}

TEST(Error, Printable) {
    EXPECT_EQ(printable(""), "");
    EXPECT_EQ(printable("eth0 'a' \"b\" ~"), "eth0 'a' \"b\" ~");
    EXPECT_EQ(printable("\x1b[31m\n\r\t\x7f"), R"(\x1b[31m\x0a\x0d\x09\x7f)");
    EXPECT_EQ(printable(std::string("a\0b", 3)), R"(a\x00b)");
    EXPECT_EQ(printable("\xc2\x9b\xff"), R"(\xc2\x9b\xff)");
    for (int byte = 0; byte < 256; byte++) {
        const auto c = static_cast<char>(byte);
        char hex[8];
        std::snprintf(hex, sizeof hex, "\\x%02x", byte);
        const bool shown = byte >= 0x20 && byte < 0x7f;
        EXPECT_EQ(printable(std::string(1, c)), shown ? std::string(1, c) : hex);
    }
}

} // namespace
} // namespace pinpipe
