// SPDX-License-Identifier: MIT
// Command lines for the option parser.
#pragma once

#include "lib/base/options.h"

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

namespace pinpipe {

// argv as main gets it: changeable, ended by a null pointer.
class Arguments {
public:
    explicit Arguments(std::vector<std::string> words) : words_(std::move(words)) {
        words_.insert(words_.begin(), "tool");
        for (std::string &word : words_)
            argv_.push_back(word.data());
        argv_.push_back(nullptr);
    }
    int argc() const { return static_cast<int>(words_.size()); }
    char **argv() { return argv_.data(); }

private:
    std::vector<std::string> words_;
    std::vector<char *> argv_;
};

inline Result<Parsed> parse_words(const std::vector<std::string> &words, const Usage &usage) {
    Arguments arguments(words);
    return parse_options(arguments.argc(), arguments.argv(), usage);
}

// Sets or removes an environment variable until the end of the scope.
class Environment {
public:
    Environment(const char *name, const char *value) : name_(name) {
        if (const char *before = std::getenv(name))
            before_ = before;
        set(value);
    }
    ~Environment() { set(before_ ? before_->c_str() : nullptr); }
    Environment(const Environment &) = delete;
    Environment &operator=(const Environment &) = delete;

private:
    void set(const char *value) const {
        if (value)
            setenv(name_, value, 1);
        else
            unsetenv(name_);
    }
    const char *name_;
    std::optional<std::string> before_;
};

} // namespace pinpipe
