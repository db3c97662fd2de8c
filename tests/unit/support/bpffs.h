// SPDX-License-Identifier: MIT
// A bpffs in a mount namespace of the test process: other processes do not see it, and it ends with
// the process, whatever happens.
#pragma once

#include "lib/pins/pins.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace pinpipe {

class Bpffs {
public:
    Bpffs() {
        char path[] = "/run/pinpipe-unit-XXXXXX";
        if (!enter())
            refuse("a mount namespace");
        else if (!mkdtemp(path))
            refuse("a temporary directory");
        else if (root_ = path; mount("bpf", path, "bpf", MS_NOSUID | MS_NODEV, "mode=0755") != 0)
            refuse("a bpffs");
        else
            mounted_ = true;
    }
    ~Bpffs() {
        if (mounted_)
            umount2(root_.c_str(), MNT_DETACH);
        if (!root_.empty())
            rmdir(root_.c_str());
    }
    Bpffs(const Bpffs &) = delete;
    Bpffs &operator=(const Bpffs &) = delete;

    bool mounted() const { return mounted_; }
    const std::string &why_not() const { return why_not_; }
    const std::string &root() const { return root_; }

private:
    static bool enter() {
        static const bool entered = unshare(CLONE_NEWNS) == 0 &&
                                    mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
        return entered;
    }
    void refuse(const char *what) {
        why_not_ = std::string("needs root: ") + what + ": " + std::strerror(errno);
    }

    std::string root_, why_not_;
    bool mounted_ = false;
};

// Tests with a private pin root; skipped without root.
class BpffsTest : public testing::Test {
protected:
    void SetUp() override {
        bpffs_ = bpffs();
        if (!bpffs_->mounted())
            GTEST_SKIP() << bpffs_->why_not();
    }
    virtual std::shared_ptr<Bpffs> bpffs() { return std::make_shared<Bpffs>(); }

    Pins pins() const { return Pins(root()); }
    const std::string &root() const { return bpffs_->root(); }
    std::string below(const std::string &name) const { return root() + "/" + name; }

    // Makes a map as spec describes it.
    static Fd make_map(const MapSpec &spec) {
        LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = spec.flags);
        return Fd(bpf_map_create(static_cast<bpf_map_type>(spec.type), spec.name, spec.key_size,
                                 spec.value_size, spec.entries, &options));
    }
    Fd make_pin(const MapSpec &spec, const std::string &name) const {
        Fd map = make_map(spec);
        EXPECT_TRUE(map.valid()) << std::strerror(errno);
        EXPECT_EQ(bpf_obj_pin(map.get(), below(name).c_str()), 0) << std::strerror(errno);
        return map;
    }
    // Whether this kernel can freeze a map that user space has mapped or can map (6.5).
    static bool freeze(const std::string &path) {
        const Fd map(bpf_obj_get(path.c_str()));
        return map.valid() && bpf_map_freeze(map.get()) == 0;
    }

private:
    std::shared_ptr<Bpffs> bpffs_;
};

} // namespace pinpipe
