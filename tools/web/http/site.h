// SPDX-License-Identifier: MIT
// The files of the site, which are compiled into the program.
#pragma once

#include "tools/web/http/reply.h"

#include <span>
#include <string_view>

namespace pinpipe::web {

struct SiteFile {
    const char *path; // "/style.css"
    const char *type;
    const char *tag; // ETag, with its quotes
    const unsigned char *begin, *end;
    const unsigned char *gzip_begin, *gzip_end;
};

// Made by tools/web/embed.
extern const std::span<const SiteFile> site_files;

// The file at this path, or nullptr. "/" is index.html.
const SiteFile *find_site_file(std::string_view path);

// accepted, known: the request's Accept-Encoding and If-None-Match, or empty.
Reply reply_of(const SiteFile &file, std::string_view accepted, std::string_view known);

} // namespace pinpipe::web
