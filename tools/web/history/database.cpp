// SPDX-License-Identifier: MIT
#include "tools/web/history/database.h"

#include "tools/web/common/subprocess.h"

#include <cerrno>
#include <poll.h>
#include <unistd.h>

namespace pinpipe::web {
namespace {

void wait_for(const Subprocess &subprocess, Subprocesses &subprocesses) {
    while (!subprocess.done) {
        std::vector<pollfd> ended;
        for (const int handle : subprocesses.handles())
            ended.push_back({handle, POLLIN, 0});
        poll(ended.data(), ended.size(), 100);
        subprocesses.collect();
    }
}

Result<void> check_directory(const std::string &database) {
    const size_t slash = database.rfind('/');
    const std::string directory = slash == database.npos ? "." : database.substr(0, slash + 1);
    if (access(directory.c_str(), X_OK) != 0)
        return fail(system_error("open " + database, errno));
    return {};
}

} // namespace

bool is_made(const std::string &database) {
    return access(database.c_str(), F_OK) == 0 || errno != ENOENT;
}

std::string not_made(const std::string &database) {
    return printable(database) + " is not there yet: history begins when ebpf-store makes it";
}

std::string as_operand(const std::string &database) {
    return database.starts_with('-') ? "./" + database : database;
}

Result<void> check_database(const std::string &database) {
    if (!is_made(database))
        return check_directory(database);
    Subprocesses subprocesses;
    const auto subprocess =
        subprocesses.start("ebpf-store", {"report", as_operand(database), "--since=1s", "--top=1"});
    if (!subprocess)
        return fail(subprocess.error());
    wait_for(**subprocess, subprocesses);
    return (*subprocess)->status() == 0 ? Result<void>() : fail((*subprocess)->error());
}

} // namespace pinpipe::web
