// SPDX-License-Identifier: MIT
#include "tools/web/http/reply.h"

#include "lib/event/json_line.h"

namespace pinpipe::web {
namespace {

constexpr std::pair<const char *, const char *> always[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
     "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
     "frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
};

constexpr const char *nobody_keeps = "no-store";
constexpr const char *ask_each_time = "no-cache";
constexpr size_t stream_block = 1024; // bytes; only used for HTTP/1.0

} // namespace

Reply::Reply(unsigned status, MHD_Response *response, const char *type, const char *caching)
    : status_(status), response_(response) {
    if (!response_)
        throw std::bad_alloc();
    for (const auto &[name, value] : always)
        MHD_add_response_header(response, name, value);
    MHD_add_response_header(response, "Cache-Control", caching);
    if (type)
        MHD_add_response_header(response, "Content-Type", type);
}

Reply Reply::text(unsigned status, const char *type, std::string body) {
    auto *kept = new std::string(std::move(body));
    MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        kept->size(), kept->data(), [](void *text) { delete static_cast<std::string *>(text); },
        kept);
    return {status, response, type, nobody_keeps};
}

Reply Reply::json(std::string body) {
    return text(MHD_HTTP_OK, "application/json", std::move(body));
}

Reply Reply::error(unsigned status, const std::string &what) {
    return text(status, "application/json", "{\"v\":1,\"error\":" + json_string(what) + "}\n");
}

Reply Reply::empty(unsigned status) {
    return {status, MHD_create_response_from_buffer(0, nullptr, MHD_RESPMEM_PERSISTENT), nullptr,
            nobody_keeps};
}

Reply Reply::constant(const char *type, const void *bytes, size_t size) {
    return {MHD_HTTP_OK,
            MHD_create_response_from_buffer(size, const_cast<void *>(bytes), // only read
                                            MHD_RESPMEM_PERSISTENT),
            type, ask_each_time};
}

Reply Reply::stream(MHD_ContentReaderCallback reader, void *data,
                    MHD_ContentReaderFreeCallback free) {
    return Reply(MHD_HTTP_OK,
                 MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, stream_block, reader, data,
                                                   free),
                 "text/event-stream", nobody_keeps)
        .with("X-Accel-Buffering", "no");
}

Reply Reply::file(const char *type, int fd, size_t size) {
    return {MHD_HTTP_OK, MHD_create_response_from_fd(size, fd), type, nobody_keeps};
}

Reply &&Reply::with(const char *header, const std::string &value) && {
    MHD_add_response_header(response_.get(), header, value.c_str());
    return std::move(*this);
}

Reply &&Reply::with_status(unsigned status) && {
    status_ = status;
    return std::move(*this);
}

MHD_Result Reply::send(MHD_Connection *connection) const {
    return MHD_queue_response(connection, status_, response_.get());
}

} // namespace pinpipe::web
