// SPDX-License-Identifier: MIT
#include "tools/web/http/site.h"

namespace pinpipe::web {

const SiteFile *find_site_file(std::string_view path) {
    if (path == "/")
        path = "/index.html";
    for (const SiteFile &file : site_files)
        if (path == file.path)
            return &file;
    return nullptr;
}

Reply reply_of(const SiteFile &file, std::string_view accepted, std::string_view known) {
    const auto tagged = [&](Reply reply) {
        return std::move(reply).with("ETag", file.tag).with("Vary", "Accept-Encoding");
    };
    if (known.find(file.tag) != known.npos)
        return tagged(Reply::constant(file.type, "", 0).with_status(MHD_HTTP_NOT_MODIFIED));
    if (accepted.find("gzip") != accepted.npos)
        return tagged(Reply::constant(file.type, file.gzip_begin,
                                      static_cast<size_t>(file.gzip_end - file.gzip_begin)))
            .with("Content-Encoding", "gzip");
    return tagged(
        Reply::constant(file.type, file.begin, static_cast<size_t>(file.end - file.begin)));
}

} // namespace pinpipe::web
