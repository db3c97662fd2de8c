// SPDX-License-Identifier: MIT
#include "lib/system/trusted_path.h"

#include "lib/base/fd.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <deque>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe {
namespace {

constexpr int path_only = O_PATH | O_NOFOLLOW | O_CLOEXEC;

Error changeable(const std::string &path, const struct stat &st, bool last) {
    Error error = failure(path + " can be changed by users other than root");
    const bool for_everybody = !last && st.st_mode & S_ISVTX; // as for /tmp
    error.hint =
        for_everybody
            ? "ebpf-load --pin-root /run/ebpf ...   (any directory that only root can change)"
            : "sudo chown root " + path + " && sudo chmod go-w " + path;
    return error;
}

// A walk along a path: the parts that are left to follow, and the directory that was reached.
class Walk {
public:
    explicit Walk(std::string whole) : whole_(std::move(whole)) { add_front(whole_); }

    Result<std::string> run() {
        if (auto begun = begin(); !begun)
            return fail(begun.error());
        while (!left_.empty()) {
            const std::string name = left_.front();
            left_.pop_front();
            Fd next(openat(at_.get(), name.c_str(), path_only));
            if (!next.valid() && errno == ENOENT)
                return missing(name);
            if (auto stepped = step(std::move(next), name); !stepped)
                return fail(stepped.error());
        }
        return path_.empty() ? "/" : path_;
    }

private:
    void add_front(const std::string &text) {
        std::deque<std::string> names;
        for (size_t at = 0; at < text.size();) {
            const size_t end = std::min(text.find('/', at), text.size());
            if (const std::string name = text.substr(at, end - at); !name.empty() && name != ".")
                names.push_back(name);
            at = end + 1;
        }
        left_.insert(left_.begin(), names.begin(), names.end());
    }

    Result<void> begin() {
        path_.clear();
        Fd root(open("/", path_only));
        return enter(std::move(root), "/");
    }

    Result<void> enter(Fd directory, const std::string &path) {
        struct stat st {};
        if (!directory.valid() || fstat(directory.get(), &st) != 0)
            return fail(system_error("open " + path, errno));
        if (!S_ISDIR(st.st_mode))
            return fail(system_error("open " + path, ENOTDIR));
        if (st.st_uid != 0 || st.st_mode & (S_IWGRP | S_IWOTH))
            return fail(changeable(path, st, left_.empty()));
        at_ = std::move(directory);
        return {};
    }

    Result<void> step(Fd next, const std::string &name) {
        const std::string path = path_ + "/" + name;
        struct stat st {};
        if (!next.valid() || fstat(next.get(), &st) != 0)
            return fail(system_error("open " + path, errno));
        if (S_ISLNK(st.st_mode))
            return follow(next, st, path);
        if (auto entered = enter(std::move(next), path); !entered)
            return entered;
        if (name != "..")
            path_ = path;
        else if (!path_.empty())
            path_.resize(path_.rfind('/'));
        return {};
    }

    Result<void> follow(const Fd &link, const struct stat &st, const std::string &path) {
        if (st.st_uid != 0)
            return fail(
                failure(path + " is a symbolic link that users other than root can change"));
        if (++links_ > 40) // the kernel's limit
            return fail(system_error("open " + whole_, ELOOP));
        char target[PATH_MAX];
        const ssize_t length = readlinkat(link.get(), "", target, sizeof target);
        if (length <= 0)
            return fail(system_error("read the symbolic link " + path, errno));
        const std::string text(target, static_cast<size_t>(length));
        add_front(text);
        return text[0] == '/' ? begin() : Result<void>();
    }

    Result<std::string> missing(const std::string &name) const {
        std::string path = path_ + "/" + name;
        for (const std::string &rest : left_)
            path += "/" + rest;
        return path;
    }

    const std::string whole_;
    std::deque<std::string> left_;
    std::string path_; // of at_; empty: the root directory
    Fd at_;
    int links_ = 0;
};

} // namespace

Result<std::string> trusted_path(const std::string &path) {
    return Walk(path).run();
}

} // namespace pinpipe
