// SPDX-License-Identifier: MIT
#include "lib/event/put_value.h"

#include <algorithm>

namespace pinpipe {

// Nearly all names are plain text that can be copied unchanged.
char *put_value(char *to, const TaskName &task) {
    const size_t length = strnlen(task.name, sizeof task.name);
    const bool plain = std::all_of(task.name, task.name + length, [](char c) {
        return c >= ' ' && c <= '~' && c != '"' && c != '\\';
    });
    if (!plain)
        return put(to, json_string({task.name, length}));
    *to++ = '"';
    to = put(to, std::string_view(task.name, length));
    *to++ = '"';
    return to;
}

} // namespace pinpipe
