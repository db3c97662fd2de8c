// SPDX-License-Identifier: MIT
// A published layout on a private bpffs, without an attached program.
#pragma once

#include "tests/unit/support/bpffs.h"
#include "tools/loader/layout.h"

namespace pinpipe {

class LayoutTest : public BpffsTest {
protected:
    static constexpr uint32_t slots = 3;
    static constexpr uint32_t ring_size = loader::least_ring_size;

    virtual loader::Settings settings() const {
        loader::Settings settings;
        settings.readers = slots;
        settings.ring_size = ring_size;
        settings.group = 0;
        return settings;
    }

    void SetUp() override {
        BpffsTest::SetUp();
        if (IsSkipped())
            return;
        layout_ = make_layout();
        ASSERT_TRUE(layout_);
    }
    virtual std::shared_ptr<loader::Layout> make_layout() {
        const Pins at = pins();
        auto layout = loader::Layout::create(at, settings());
        Undo undo;
        if (!layout || !layout->protect(at, undo))
            return nullptr;
        if (!layout->publish(at, undo))
            return nullptr;
        undo.keep();
        return std::make_shared<loader::Layout>(std::move(*layout));
    }
    loader::Layout &layout() { return *layout_; }

    // Returns the id of the map pinned at path below the root, or 0.
    uint32_t map_id(const std::string &path) const {
        const Fd map(bpf_obj_get(below(path).c_str()));
        bpf_map_info info{};
        __u32 size = sizeof info;
        return map.valid() && bpf_obj_get_info_by_fd(map.get(), &info, &size) == 0 ? info.id : 0;
    }

private:
    std::shared_ptr<loader::Layout> layout_;
};

} // namespace pinpipe
