// SPDX-License-Identifier: MIT
#include "tools/loader/stage.h"

#include "lib/pins/links.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <sys/stat.h>

namespace pinpipe::loader {
namespace {

namespace fs = std::filesystem;

// Detaches links at once: after a mere unlink of the pin, a kernel worker does it a moment later.
void detach_links(const std::string &directory) {
    std::error_code ignored;
    for (const auto &entry : fs::directory_iterator(directory, ignored))
        detach_link(entry.path());
}

} // namespace

std::string stage_path(const Pins &pins) {
    return pins.path("stage");
}

Result<void> make_directory(const std::string &path) {
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        return fail(system_error("make " + path, errno));
    return {};
}

Result<void> move_over(const std::string &from, const std::string &to) {
    if (rename(from.c_str(), to.c_str()) != 0)
        return fail(system_error("move " + from + " to " + to, errno));
    return {};
}

Result<void> clear_stage(const Pins &pins) {
    for (const char *part : {"/links", "/sent"})
        detach_links(stage_path(pins) + part);
    std::error_code code;
    fs::remove_all(stage_path(pins), code);
    if (code)
        return fail(system_error("remove " + stage_path(pins), code.value()));
    return {};
}

Result<void> remove_all(const Pins &pins) {
    for (const char *part : {"links", "sent"}) {
        detach_links(pins.path(part));
        detach_links(stage_path(pins) + "/" + part);
    }
    for (const char *part : {"links", "sent", "stage", "readers", "maps", "admin", "abi"}) {
        std::error_code code;
        fs::remove_all(pins.path(part), code);
        if (code)
            return fail(system_error("remove " + pins.path(part), code.value()));
    }
    return {};
}

} // namespace pinpipe::loader
