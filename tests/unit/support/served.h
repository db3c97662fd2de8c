// SPDX-License-Identifier: MIT
// A server of ebpf-web in a child process, on any free port of 127.0.0.1, and requests to it.
#pragma once

#include "lib/base/signals.h"
#include "tests/unit/support/child.h"
#include "tests/unit/support/web.h"
#include "tools/web/requests/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace pinpipe::web {

class Served {
public:
    Served() {
        Pipe said;
        child_.emplace([&] { return serve(said.write); });
        said.write.reset();
        std::string text;
        for (char c; text.find('\n') == text.npos && read(said.read.get(), &c, 1) == 1;)
            text += c;
        if (const size_t at = text.rfind(':'); at != text.npos)
            port = static_cast<in_port_t>(std::strtoul(text.c_str() + at + 1, nullptr, 10));
    }

    // Opens a connection and sends this text on it.
    Fd send(const std::string &bytes) const {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        Fd connection(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(connect(connection.get(), reinterpret_cast<sockaddr *>(&to), sizeof to), 0);
        EXPECT_EQ(::send(connection.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(bytes.size()));
        return connection;
    }
    // Returns the whole answer to a request on a new connection. headers: each with its line end;
    // Host is added.
    std::string ask(const std::string &method, const std::string &path,
                    const std::string &headers = "", const std::string &body = "") const {
        return read_all(send(request(method, path, headers, body)));
    }
    std::string request(const std::string &method, const std::string &path,
                        const std::string &headers = "", const std::string &body = "") const {
        const std::string length =
            body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n";
        return method + " " + path + " HTTP/1.1\r\nHost: " + host() + "\r\nConnection: close\r\n" +
               headers + length + "\r\n" + body;
    }
    std::string host() const { return "127.0.0.1:" + std::to_string(port); }

    // Sends SIGTERM and returns the exit status.
    int end() {
        child_->kill(SIGTERM);
        return child_->wait();
    }

    in_port_t port = 0; // 0: it does not serve

private:
    static int serve(const Fd &said) {
        dup2(said.get(), STDERR_FILENO);
        catch_stop_signals();
        Request request{};
        request.listen = *parse_endpoint("127.0.0.1:0");
        auto waker = Waker::make();
        Hub hub("e", [&] { waker->wake(); });
        Server server(request, {}, hub, *waker, false);
        return server.open() && server.run() ? 0 : 1;
    }

    std::optional<Child> child_;
};

// Returns the status of an answer; 0 if it is none.
inline int status_of(const std::string &answer) {
    int status = 0;
    return std::sscanf(answer.c_str(), "HTTP/1.1 %d", &status) == 1 ? status : 0;
}

} // namespace pinpipe::web
