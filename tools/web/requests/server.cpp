// SPDX-License-Identifier: MIT
#include "tools/web/requests/server.h"

#include "lib/base/signals.h"
#include "tools/web/access/secret_file.h"
#include "tools/web/requests/exchange.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace pinpipe::web {
namespace {

using namespace std::chrono_literals;

constexpr size_t largest_key = 64 << 10;
constexpr unsigned idle_seconds = 60; // after which an idle connection is closed
constexpr size_t memory = 72 << 10;   // bytes of a connection: headers and send buffer

} // namespace

Server::Server(const Request &request, std::optional<Passwords> passwords, Hub &hub,
               const Waker &waker, bool reads_input)
    : streams_(hub),
      waker_(waker),
      access_(std::move(passwords), waker),
      rules_(request.pin_root),
      context_{.request = request,
               .hub = hub,
               .streams = streams_,
               .access = access_,
               .subprocesses = subprocesses_,
               .rules = rules_,
               .about = {.since = read_clock().ms, .history = false, .reads_input = reads_input},
               .sleeping = {}} {}

MHD_Result Server::handle(void *self, MHD_Connection *connection, const char *url,
                          const char *method, const char *, const char *data, size_t *size,
                          void **state) {
    Server &server = *static_cast<Server *>(self);
    auto *exchange = static_cast<Exchange *>(*state);
    const bool has_zero = exchange && *state == self; // see_path()
    if (!exchange || has_zero)
        *state = exchange = new Exchange(server.context_, connection, method, has_zero ? "" : url);
    const MHD_Result result = exchange->go(data, size);
    if (exchange->may_take_long())
        server.limits_.entered(connection);
    return result;
}

// MHD decodes the path to a C string, where %00 would hide what follows: no such path exists. The
// returned pointer is the state that handle() gets.
void *Server::see_path(void *self, const char *path, MHD_Connection *) {
    return std::strstr(path, "%00") ? self : nullptr;
}

void Server::complete(void *self, MHD_Connection *connection, void **state,
                      MHD_RequestTerminationCode) {
    static_cast<Server *>(self)->limits_.answered(connection);
    if (*state != self)
        delete static_cast<Exchange *>(*state);
    *state = nullptr;
}

Result<void> Server::read_keys() {
    const Request &request = context_.request;
    for (const auto &[path, text, others] :
         {std::tuple(&request.certificate, &certificate_, 0U), {&request.key, &key_, 07U}}) {
        if (path->empty())
            continue;
        auto read = read_small_file(*path, largest_key, others);
        if (!read)
            return fail(read.error());
        *text = std::move(*read);
    }
    return {};
}

Result<void> Server::open() {
    if (auto read = read_keys(); !read)
        return read;
    auto listener = listen_on(context_.request.listen);
    if (!listener)
        return fail(listener.error());
    const unsigned tls = context_.request.tls() ? MHD_USE_TLS : 0;
    MHD_OptionItem keys[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, certificate_.data()},
                             {MHD_OPTION_HTTPS_MEM_KEY, 0, key_.data()},
                             {MHD_OPTION_END, 0, nullptr}};
    daemon_.reset(MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | tls, 0, ConnectionLimits::admit, &limits_,
        handle, this, MHD_OPTION_LISTEN_SOCKET, listener->get(), MHD_OPTION_CONNECTION_LIMIT,
        limits_.most_connections(), MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory, MHD_OPTION_NOTIFY_COMPLETED, complete, this,
        MHD_OPTION_URI_LOG_CALLBACK, see_path, this, MHD_OPTION_NOTIFY_CONNECTION,
        ConnectionLimits::moved, &limits_, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY,
        tls ? keys : keys + 2, MHD_OPTION_END));
    if (!daemon_)
        return fail(failure(tls ? "cannot use " + context_.request.certificate + " and " +
                                      context_.request.key +
                                      ": they are not a certificate and its key in PEM format"
                                : "cannot serve on " + text_of(context_.request.listen)));
    const int socket = listener->release(); // the daemon owns it now
    std::fprintf(stderr, "ebpf-web: %s://%s/\n", context_.request.tls() ? "https" : "http",
                 text_of(local_endpoint(socket)).c_str());
    return {};
}

// How long to gather lines before they are sent together. Longer with more viewers, since waking
// them is most of the work.
Server::Clock::duration Server::gather() const {
    return 25ms + 40us * streams_.count();
}

// How long to wait if nothing happens, in milliseconds.
int Server::patience() const {
    MHD_UNSIGNED_LONG_LONG most = 1000;
    MHD_UNSIGNED_LONG_LONG of_daemon = 0;
    if (MHD_get_timeout(daemon_.get(), &of_daemon) == MHD_YES)
        most = std::min(most, of_daemon);
    if (news_) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(flushed_ + gather() - Clock::now());
        most = std::min<MHD_UNSIGNED_LONG_LONG>(
            most, static_cast<MHD_UNSIGNED_LONG_LONG>(std::max<int64_t>(left.count(), 0)));
    }
    return static_cast<int>(most);
}

void Server::wait() const {
    const int epoll = MHD_get_daemon_info(daemon_.get(), MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    std::vector<pollfd> all = {{epoll, POLLIN, 0}, {waker_.get(), POLLIN, 0}};
    for (const int handle : subprocesses_.handles())
        all.push_back({handle, POLLIN, 0});
    poll_until_stop(all.data(), all.size(), patience());
}

void Server::flush_when_due() {
    const auto now = Clock::now();
    news_ = waker_.take() || news_;
    const bool tick = now - swept_ >= 1s; // for heartbeats and notes of skipped lines
    if (tick) {
        swept_ = now;
        limits_.sweep();
    }
    if ((news_ && now - flushed_ >= gather()) || tick) {
        streams_.flush();
        news_ = false;
        flushed_ = now;
    }
}

void Server::wake_sleepers(bool all) {
    access_.collect();
    subprocesses_.collect();
    std::erase_if(context_.sleeping, [&](const auto &one) {
        if (all || one.second->done)
            MHD_resume_connection(one.first);
        return all || one.second->done;
    });
}

// Sends each viewer the end of its stream. A viewer that does not read is not waited for.
void Server::end_streams() {
    const int epoll = MHD_get_daemon_info(daemon_.get(), MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    const auto deadline = Clock::now() + 300ms;
    while (MHD_run(daemon_.get()) == MHD_YES && streams_.count() && Clock::now() < deadline) {
        pollfd ready{epoll, POLLIN, 0};
        poll(&ready, 1, 10);
    }
}

Result<void> Server::run() {
    while (!stop_requested()) {
        wait();
        flush_when_due();
        wake_sleepers(false);
        if (MHD_run(daemon_.get()) != MHD_YES)
            return fail(failure("cannot serve connections any more"));
    }
    context_.ending = true; // MHD must not stop while a connection is suspended
    streams_.stop();
    wake_sleepers(true);
    end_streams();
    return {};
}

} // namespace pinpipe::web
