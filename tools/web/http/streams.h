// SPDX-License-Identifier: MIT
// The connections of all viewers. Each is suspended until there is something to send.
#pragma once

#include "tools/web/http/reply.h"
#include "tools/web/http/viewer.h"
#include "tools/web/model/hub.h"

#include <list>

namespace pinpipe::web {

class Streams {
public:
    explicit Streams(Hub &hub) : hub_(hub) {}

    Reply open(MHD_Connection *connection, std::shared_ptr<Room> room, const Viewer::Wish &wish);
    // Resumes the connections that have something to send.
    void flush();
    size_t count() const { return all_.size(); }
    // Ends all streams, and any that are opened later.
    void stop();

private:
    struct One {
        One(Streams &streams, MHD_Connection *with) : all(streams), connection(with) {}

        Streams &all;
        MHD_Connection *const connection;
        std::optional<Viewer> viewer; // made and unmade with the hub's mutex held
        bool sleeps = false;
    };
    static ssize_t read(void *data, uint64_t, char *to, size_t room);
    static void close(void *data);

    Hub &hub_;
    std::list<std::unique_ptr<One>> all_;
    std::vector<MHD_Connection *> woken_;
    bool stopping_ = false;
};

} // namespace pinpipe::web
