// SPDX-License-Identifier: MIT
#include "tools/web/access/passwords.h"

#include "lib/base/output.h"
#include "tools/web/access/secret.h"
#include "tools/web/access/secret_file.h"

#include <crypt.h>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <sstream>
#include <termios.h>
#include <unistd.h>

namespace pinpipe::web {
namespace {

constexpr std::string_view yescrypt = "$y$";
constexpr size_t largest_file = 4096, shortest_password = 8, longest_password = 512;

Error cannot_use(const std::string &path, const std::string &why) {
    return failure("cannot use " + path + ": " + why);
}

// Whether text is a complete yescrypt hash: method, parameters, salt and digest.
bool is_hash(const std::string &text) {
    constexpr size_t digest = 43;
    return text.starts_with(yescrypt) && crypt_checksalt(text.c_str()) == CRYPT_SALT_OK &&
           text.size() - text.rfind('$') - 1 == digest;
}

// Turns off the terminal's echo while it exists.
class Silence {
public:
    Silence() {
        silent_ = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before_) == 0;
        if (!silent_)
            return;
        termios now = before_;
        now.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &now);
    }
    ~Silence() {
        if (silent_)
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    Silence(const Silence &) = delete;
    Silence &operator=(const Silence &) = delete;
    bool on() const { return silent_; }

private:
    termios before_{};
    bool silent_ = false;
};

Result<std::string> read_password() {
    const Silence silence;
    if (silence.on())
        std::fprintf(stderr, "Password: ");
    std::string password;
    std::getline(std::cin, password);
    if (silence.on())
        std::fprintf(stderr, "\n");
    if (password.size() < shortest_password || password.size() > longest_password ||
        password.find('\0') != password.npos)
        return fail(failure("a password has " + std::to_string(shortest_password) + " to " +
                            std::to_string(longest_password) + " bytes"));
    return password;
}

} // namespace

Result<Passwords> parse_passwords(const std::string &path, const std::string &text) {
    Passwords passwords;
    std::istringstream lines(text);
    size_t number = 0;
    for (std::string line; std::getline(lines, line);) {
        number++;
        if (line.empty() || line[0] == '#')
            continue;
        const bool view = line.starts_with("view:"), room = line.starts_with("room:");
        const std::string hash = view || room ? line.substr(5) : "";
        if (!is_hash(hash))
            return fail(cannot_use(path, "line " + std::to_string(number) +
                                             " is neither view:HASH nor room:HASH of yescrypt")
                            .with_hint("ebpf-web --make-password view"));
        (view ? passwords.view : passwords.room) = hash;
    }
    if (passwords.view.empty())
        return fail(cannot_use(path, "it has no line view:HASH")
                        .with_hint("ebpf-web --make-password view >> " + path));
    return passwords;
}

Result<Passwords> load_passwords(const std::string &path) {
    const auto text = read_small_file(path, largest_file, 077);
    if (!text)
        return fail(text.error());
    return parse_passwords(path, *text);
}

bool is_password(const std::string &password, const std::string &hash) {
    if (password.size() > longest_password || password.find('\0') != password.npos)
        return false;
    const auto work = std::make_unique<crypt_data>();
    const char *made = crypt_r(password.c_str(), hash.c_str(), work.get());
    return made && made[0] != '*' && equal_secrets(made, hash);
}

Result<void> make_password(const std::string &who) {
    const auto password = read_password();
    if (!password)
        return fail(password.error());
    char salt[CRYPT_GENSALT_OUTPUT_SIZE];
    const auto work = std::make_unique<crypt_data>();
    const char *made = nullptr;
    if (crypt_gensalt_rn(yescrypt.data(), 0, nullptr, 0, salt, sizeof salt))
        made = crypt_r(password->c_str(), salt, work.get());
    if (!made || made[0] == '*')
        return fail(failure("cannot hash a password: this libcrypt has no yescrypt"));
    const auto written = write_output(who + ":" + made + "\n");
    return written ? Result<void>() : fail(written.error());
}

} // namespace pinpipe::web
