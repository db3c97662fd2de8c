// SPDX-License-Identifier: MIT
// The server: one thread that serves all connections.
#pragma once

#include "tools/web/common/waker.h"
#include "tools/web/http/connection_limits.h"
#include "tools/web/requests/context.h"

namespace pinpipe::web {

class Server {
public:
    // waker: the one that hub.wake() wakes. reads_input: whether standard input is read.
    Server(const Request &request, std::optional<Passwords> passwords, Hub &hub, const Waker &waker,
           bool reads_input);

    // Listens, and prints the URL.
    Result<void> open();
    // Serves until a stop signal comes.
    Result<void> run();

private:
    using Clock = std::chrono::steady_clock;
    struct Stop {
        void operator()(MHD_Daemon *daemon) const { MHD_stop_daemon(daemon); }
    };

    static MHD_Result handle(void *self, MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *data,
                             size_t *size, void **state);
    static void *see_path(void *self, const char *path, MHD_Connection *connection);
    static void complete(void *self, MHD_Connection *connection, void **state,
                         MHD_RequestTerminationCode);
    Result<void> read_keys();
    Clock::duration gather() const;
    int patience() const;
    void wait() const;
    void end_streams();
    void flush_when_due();
    void wake_sleepers(bool all);

    Streams streams_;
    const Waker &waker_;
    AccessControl access_;
    Subprocesses subprocesses_;
    Rules rules_;
    Context context_;
    ConnectionLimits limits_;
    std::string certificate_, key_;
    bool news_ = false;
    Clock::time_point flushed_, swept_;
    std::unique_ptr<MHD_Daemon, Stop> daemon_; // destroyed before everything that its callbacks use
};

} // namespace pinpipe::web
