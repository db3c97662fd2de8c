// SPDX-License-Identifier: MIT
#include "tools/web/common/subprocess.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pinpipe::web {
namespace {

Fd memory_file(const char *name) {
    return Fd(memfd_create(name, MFD_CLOEXEC));
}

std::string contents(const Fd &file, size_t size) {
    std::string text(size, 0);
    const ssize_t got = pread(file.get(), text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return text;
}

// How the subprocess starts: with empty input, our files as its output, and default signals.
class Beginning {
public:
    Beginning(const Fd &output, const Fd &errors) {
        posix_spawn_file_actions_init(&files_);
        posix_spawn_file_actions_adddup2(&files_, nothing_.get(), STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&files_, output.get(), STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&files_, errors.get(), STDERR_FILENO);
        posix_spawnattr_init(&attributes_);
        sigset_t pipe, none;
        sigemptyset(&none);
        sigemptyset(&pipe);
        sigaddset(&pipe, SIGPIPE);
        posix_spawnattr_setsigdefault(&attributes_, &pipe);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    }
    ~Beginning() {
        posix_spawn_file_actions_destroy(&files_);
        posix_spawnattr_destroy(&attributes_);
    }
    Beginning(const Beginning &) = delete;
    Beginning &operator=(const Beginning &) = delete;

    // Returns 0 or an errno.
    int run(const std::string &tool, const std::vector<std::string> &arguments, pid_t &pid) {
        const std::string path = tool_path(tool);
        std::vector<char *> words{const_cast<char *>(path.c_str())}; // posix_spawn changes none
        for (const std::string &word : arguments)
            words.push_back(const_cast<char *>(word.c_str()));
        words.push_back(nullptr);
        return posix_spawnp(&pid, path.c_str(), &files_, &attributes_, words.data(), environ);
    }

private:
    const Fd nothing_ = memory_file("nothing");
    posix_spawn_file_actions_t files_;
    posix_spawnattr_t attributes_;
};

} // namespace

std::string tool_path(const std::string &tool) {
    char self[4096];
    const ssize_t size = readlink("/proc/self/exe", self, sizeof self);
    const std::string own(self, size > 0 ? static_cast<size_t>(size) : 0);
    const std::string beside = own.substr(0, own.rfind('/') + 1) + tool;
    return own.empty() || access(beside.c_str(), X_OK) != 0 ? tool : beside;
}

Subprocess::~Subprocess() {
    if (pid_ > 0) {
        kill(pid_, SIGKILL);
        end();
    }
}

void Subprocess::end() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR)
        ;
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    pid_ = -1;
    lseek(output_.get(), 0, SEEK_SET); // the file position is shared
    done = true;
}

size_t Subprocess::output_size() const {
    struct stat file {};
    return fstat(output_.get(), &file) == 0 ? static_cast<size_t>(file.st_size) : 0;
}

std::string Subprocess::output() const {
    return contents(output_, output_size());
}

std::string Subprocess::complaint() const {
    constexpr size_t most = 400;
    if (status_ < 0)
        return "the answer took too long, or was too large: ask for less";
    const std::string text = contents(errors_, most);
    return text.substr(0, text.find('\n'));
}

Error Subprocess::error() const {
    constexpr size_t most = 2000;
    constexpr std::string_view hint = "\nhint: ";
    std::string text = complaint();
    if (const size_t tool = text.find(": "); status_ >= 0 && tool != text.npos)
        text.erase(0, tool + 2);
    Error error = failure(std::move(text));
    const std::string all = contents(errors_, most);
    if (const size_t at = all.find(hint); at != all.npos)
        error.hint = all.substr(at + hint.size(), all.find('\n', at + 1) - at - hint.size());
    for (const Exit exit : {Exit::usage, Exit::not_permitted})
        if (status_ == static_cast<int>(exit))
            error.exit = exit;
    return error;
}

Result<std::shared_ptr<Subprocess>> Subprocesses::start(const std::string &tool,
                                                        const std::vector<std::string> &arguments) {
    std::erase_if(running_, [](const auto &subprocess) { return subprocess.expired(); });
    if (running_.size() >= most)
        return std::shared_ptr<Subprocess>();
    auto subprocess = std::make_shared<Subprocess>();
    subprocess->output_ = memory_file("output");
    subprocess->errors_ = memory_file("errors");
    if (!subprocess->output_.valid() || !subprocess->errors_.valid())
        return fail(system_error("make a file in memory", errno));
    Beginning beginning(subprocess->output_, subprocess->errors_);
    if (const int code = beginning.run(tool, arguments, subprocess->pid_)) {
        subprocess->pid_ = -1;
        return fail(system_error("run " + tool, code));
    }
    const rlimit size{most_output, most_output};
    prlimit(subprocess->pid_, RLIMIT_FSIZE, &size, nullptr);
    subprocess->handle_ = Fd(static_cast<int>(syscall(SYS_pidfd_open, subprocess->pid_, 0)));
    subprocess->until_ = std::chrono::steady_clock::now() + longest;
    running_.push_back(subprocess);
    return subprocess;
}

void Subprocesses::collect() {
    const auto now = std::chrono::steady_clock::now();
    std::erase_if(running_, [&](const auto &weak) {
        const auto subprocess = weak.lock();
        if (!subprocess)
            return true;
        if (now > subprocess->until_)
            kill(subprocess->pid_, SIGKILL);
        siginfo_t about{};
        if (waitid(P_PID, static_cast<id_t>(subprocess->pid_), &about,
                   WEXITED | WNOHANG | WNOWAIT) == 0 &&
            about.si_pid == 0)
            return false;
        subprocess->end();
        return true;
    });
}

std::vector<int> Subprocesses::handles() const {
    std::vector<int> handles;
    for (const auto &weak : running_)
        if (const auto subprocess = weak.lock(); subprocess && subprocess->handle_.valid())
            handles.push_back(subprocess->handle_.get());
    return handles;
}

} // namespace pinpipe::web
