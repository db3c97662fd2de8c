// SPDX-License-Identifier: MIT
// The reply to a request: status, body, headers. Every reply has the security headers with which a
// browser only shows it: no foreign scripts, frames or forms.
#pragma once

#include <memory>
#include <microhttpd.h>
#include <string>

namespace pinpipe::web {

class Reply {
public:
    // A document of this type that is not to be cached.
    static Reply text(unsigned status, const char *type, std::string body);
    static Reply json(std::string body);
    // {"v":1,"error":"..."}
    static Reply error(unsigned status, const std::string &what);
    static Reply empty(unsigned status);
    // Static bytes: they must outlive the reply.
    static Reply constant(const char *type, const void *bytes, size_t size);
    // Server-Sent Events. For reader and free see MHD_create_response_from_callback().
    static Reply stream(MHD_ContentReaderCallback reader, void *data,
                        MHD_ContentReaderFreeCallback free);
    // The contents of a file. Takes ownership of fd.
    static Reply file(const char *type, int fd, size_t size);

    Reply &&with(const char *header, const std::string &value) &&;
    Reply &&with_status(unsigned status) &&;
    MHD_Result send(MHD_Connection *connection) const;

private:
    struct Destroy {
        void operator()(MHD_Response *response) const { MHD_destroy_response(response); }
    };
    Reply(unsigned status, MHD_Response *response, const char *type, const char *caching);

    unsigned status_;
    std::unique_ptr<MHD_Response, Destroy> response_;
};

} // namespace pinpipe::web
