// SPDX-License-Identifier: MIT
#include "tools/web/http/streams.h"

namespace pinpipe::web {

Reply Streams::open(MHD_Connection *connection, std::shared_ptr<Room> room,
                    const Viewer::Wish &wish) {
    all_.push_back(std::make_unique<One>(*this, connection));
    One &one = *all_.back();
    {
        const std::lock_guard hold(hub_.mutex);
        one.viewer.emplace(std::move(room), wish, Viewer::Clock::now());
    }
    return Reply::stream(read, &one, close);
}

ssize_t Streams::read(void *data, uint64_t, char *to, size_t room) {
    One &one = *static_cast<One *>(data);
    if (one.all.stopping_)
        return MHD_CONTENT_READER_END_OF_STREAM;
    size_t size = 0;
    {
        const std::lock_guard hold(one.all.hub_.mutex);
        size = one.viewer->fill(to, room, Viewer::Clock::now());
        if (one.viewer->broken())
            return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (size == 0) {
        one.sleeps = true;
        MHD_suspend_connection(one.connection);
    }
    return static_cast<ssize_t>(size);
}

void Streams::close(void *data) {
    One &one = *static_cast<One *>(data);
    Streams &all = one.all;
    {
        const std::lock_guard hold(all.hub_.mutex);
        one.viewer.reset();
    }
    all.all_.remove_if([&](const auto &other) { return other.get() == &one; });
}

void Streams::flush() {
    const auto now = Viewer::Clock::now();
    woken_.clear();
    {
        const std::lock_guard hold(hub_.mutex);
        for (const auto &one : all_)
            if (one->sleeps && (stopping_ || one->viewer->has_news(now))) {
                one->sleeps = false;
                woken_.push_back(one->connection);
            }
    }
    for (MHD_Connection *connection : woken_)
        MHD_resume_connection(connection);
}

void Streams::stop() {
    stopping_ = true;
    flush();
}

} // namespace pinpipe::web
