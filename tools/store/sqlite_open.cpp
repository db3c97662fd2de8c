// SPDX-License-Identifier: MIT
// Opening databases. A file that is refused is left as it is; where its first bytes are enough to
// refuse it, SQLite never opens it.
#include "lib/system/holders.h"
#include "tools/store/database_layout.h"
#include "tools/store/sqlite.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::store {
namespace {

constexpr off_t quickly_checked = 64 << 20; // bytes; larger files are not read through at a start

// The header of an SQLite file, as the file format defines it.
struct Header {
    unsigned char bytes[100];

    uint32_t number(int at) const {
        return static_cast<uint32_t>(bytes[at]) << 24 | static_cast<uint32_t>(bytes[at + 1]) << 16 |
               static_cast<uint32_t>(bytes[at + 2]) << 8 | bytes[at + 3];
    }
    int64_t page_size() const {
        const int size = bytes[16] << 8 | bytes[17];
        return size == 1 ? 65536 : size;
    }
    int64_t pages() const { return number(28); }
    uint32_t version() const { return number(60); }
    uint32_t application() const { return number(68); }
};

Error refused(const std::string &path, const std::string &why) {
    return failure("cannot open " + path + ": " + why);
}

bool has_log(const std::string &path) {
    return access((path + "-wal").c_str(), F_OK) == 0;
}

Result<void> accept_layout(const std::string &path, int64_t application, int64_t version,
                           bool writes) {
    if (application != application_id)
        return fail(refused(path, "the database of another application"));
    if (version > schema_version())
        return fail(refused(path, "written by a newer ebpf-store"));
    if (version == 0)
        return fail(refused(path, "the database is corrupt"));
    if (!writes && version != schema_version())
        return fail(refused(path, "written by an older ebpf-store")
                        .with_hint("ebpf-store " + path + " </dev/null"));
    return {};
}

Result<void> accept_header(int fd, const std::string &path, bool writes) {
    Header header;
    struct stat st {};
    if (fstat(fd, &st) != 0)
        return fail(system_error("open " + path, errno));
    if (!S_ISREG(st.st_mode))
        return fail(refused(path, "not a regular file"));
    const ssize_t size = pread(fd, header.bytes, sizeof header.bytes, 0);
    if (size < 0)
        return fail(system_error("read " + path, errno));
    if (static_cast<size_t>(size) < sizeof header.bytes ||
        std::memcmp(header.bytes, "SQLite format 3", 16) != 0)
        return fail(refused(path, "not a database"));
    if (auto fine = accept_layout(path, header.application(), header.version(), writes); !fine)
        return fine;
    // While there is a write-ahead log, pages that the header counts may still be in the log.
    if (!has_log(path) && st.st_size < header.pages() * header.page_size())
        return fail(refused(path, "the database is corrupt: its end is missing"));
    return {};
}

Error in_use(const std::string &path) {
    std::string who = "another program";
    if (const auto holder = lock_holder(path))
        who = (holder->comm.empty() ? "process" : holder->comm) + " (pid " +
              std::to_string(holder->pid) + ")";
    return refused(path, who + " writes to it");
}

Result<Fd> lock(const std::string &path) {
    Fd fd(open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd.valid())
        return fail(system_error("open " + path, errno));
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
        return fail(errno == EWOULDBLOCK ? in_use(path) : system_error("lock " + path, errno));
    return fd;
}

// A lock behind the bytes that SQLite locks and behind any end of a file. It is an open file
// description lock: SQLite's locks belong to the process, and would be mixed up with it.
struct flock hold_of(int type) {
    struct flock hold {};
    hold.l_type = static_cast<short>(type);
    hold.l_whence = SEEK_SET;
    hold.l_start = 1LL << 62;
    hold.l_len = 1;
    return hold;
}

std::string immutable_uri(const std::string &path) {
    constexpr char digits[] = "0123456789abcdef";
    std::string uri = path.starts_with('/') ? "file://" : "file:";
    for (const char c : path)
        if (c == '%' || c == '?' || c == '#')
            uri += {'%', digits[(c >> 4) & 15], digits[c & 15]};
        else
            uri += c;
    return uri + "?immutable=1";
}

} // namespace

Result<Database> Database::connect(const std::string &path, int flags, bool immutable) {
    // "file:x" and ":memory:" are ordinary names here.
    std::string name = path.starts_with('/') ? path : "./" + path;
    if (immutable)
        name = immutable_uri(name);
    sqlite3 *connection = nullptr;
    const int code =
        sqlite3_open_v2(name.c_str(), &connection,
                        flags | SQLITE_OPEN_NOMUTEX | (immutable ? SQLITE_OPEN_URI : 0), nullptr);
    Database database;
    database.database_.reset(connection);
    database.path_ = path;
    if (code != SQLITE_OK)
        return fail(database.error("open"));
    sqlite3_extended_result_codes(connection, 1);
    sqlite3_busy_timeout(connection, 5000);
    return database;
}

// Checks the layout again, now as the write-ahead log has it.
Result<void> Database::accept_log(bool writes) {
    const auto application = number("PRAGMA application_id");
    const auto version = number("PRAGMA user_version");
    if (!application || !version)
        return fail(application ? version.error() : application.error());
    return accept_layout(path_, *application, *version, writes);
}

// Reads a small database completely, and some rows of a large one, to see that it is not damaged.
Result<void> Database::accept() {
    struct stat st {};
    if (stat(path_.c_str(), &st) != 0 || st.st_size > quickly_checked) {
        for (const char *sql : {"SELECT rolled FROM state", "SELECT max(n) FROM usage",
                                "SELECT max(time) FROM minute", "SELECT max(n) FROM event",
                                "SELECT max(id) FROM subject"})
            if (const auto read = number(sql); !read)
                return fail(read.error());
        return {};
    }
    auto check = prepare("PRAGMA quick_check(1)");
    if (!check)
        return fail(check.error());
    const auto row = next(*check);
    if (!row)
        return fail(row.error());
    if (!*row || check->text(0) != "ok")
        return fail(refused(path_, "the database is corrupt"));
    if (const auto state = number("SELECT count(*) FROM state"); !state)
        return fail(state.error());
    return {};
}

// Where a write-ahead log exists, a reader opens the database as usual. Where there is none, the
// log and index that the reader makes must not stay: files of another user would keep the writer
// out. So a reader that may write removes them when it closes; another makes none, and opens the
// database as one that nobody writes to (immutable).
Result<Database> Database::open_reader(const std::string &path) {
    {
        const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!fd.valid())
            return fail(system_error("open " + path, errno));
        if (auto fine = accept_header(fd.get(), path, false); !fine)
            return fail(fine.error());
    }
    const bool log = has_log(path), ours = access(path.c_str(), W_OK) == 0;
    auto database =
        connect(path, ours ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY, !log && !ours);
    if (!database)
        return database;
    sqlite3_db_config(database->database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, log, nullptr);
    if (auto fine = database->accept_log(false); !fine)
        return fail(fine.error());
    if (auto set = database->run("PRAGMA query_only = 1; PRAGMA cache_size = -16000;"
                                 "PRAGMA temp_store = FILE; SELECT rolled FROM state");
        !set)
        return fail(set.error());
    return database;
}

Result<void> Database::hold() {
    lock_ = Fd(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    struct flock hold = hold_of(F_RDLCK);
    if (!lock_.valid() || fcntl(lock_.get(), F_OFD_SETLK, &hold) != 0)
        return fail(system_error("lock " + path_, errno));
    return {};
}

bool Database::is_held() const {
    struct flock hold = hold_of(F_WRLCK);
    return fcntl(lock_.get(), F_OFD_GETLK, &hold) == 0 && hold.l_type != F_UNLCK;
}

Result<Database> Database::open_scratch() {
    sqlite3 *connection = nullptr;
    const int code =
        sqlite3_open_v2("", &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    Database database;
    database.database_.reset(connection);
    database.path_ = "a temporary file";
    database.writes_ = true;
    if (code != SQLITE_OK)
        return fail(database.error("open"));
    if (auto set = database.run("PRAGMA cache_size = -8000; PRAGMA journal_mode = OFF;"
                                "PRAGMA temp_store = FILE");
        !set)
        return fail(set.error());
    return database;
}

// Makes the database under another name and then links it: nobody finds half of it.
Result<void> Database::make_file(const std::string &path) {
    const std::string draft = path + ".new-" + std::to_string(getpid());
    unlink(draft.c_str());
    {
        const Fd fd(open(draft.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
        if (!fd.valid())
            return fail(system_error("create " + path, errno));
    }
    Result<void> made = [&]() -> Result<void> {
        auto database = connect(draft, SQLITE_OPEN_READWRITE, false);
        if (!database)
            return fail(database.error());
        database->path_ = path;
        database->writes_ = true;
        if (auto set = database->run("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = OFF");
            !set)
            return set;
        if (auto migrated = migrate(*database, schema_steps); !migrated)
            return migrated;
        return database->run("PRAGMA journal_mode = WAL");
    }();
    if (made && link(draft.c_str(), path.c_str()) != 0 && errno != EEXIST)
        made = fail(system_error("create " + path, errno));
    for (const char *rest : {"", "-wal", "-shm", "-journal"})
        unlink((draft + rest).c_str());
    return made;
}

Result<Database> Database::open_writer(const std::string &path, bool create) {
    if (create && access(path.c_str(), F_OK) != 0 && errno == ENOENT)
        if (auto made = make_file(path); !made)
            return fail(made.error());
    auto held = lock(path);
    if (!held)
        return fail(held.error());
    if (auto fine = accept_header(held->get(), path, true); !fine)
        return fail(fine.error());
    auto database = connect(path, SQLITE_OPEN_READWRITE, false);
    if (!database)
        return fail(database.error());
    database->lock_ = std::move(*held);
    if (sqlite3_db_readonly(database->database_.get(), "main") == 1)
        return fail(refused(path, "read-only"));
    // A database that is refused keeps its log: closing must not checkpoint it.
    if (has_log(path))
        sqlite3_db_config(database->database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    if (auto fine = database->accept_log(true); !fine)
        return fail(fine.error());
    if (auto fine = database->accept(); !fine)
        return fail(fine.error());
    if (auto migrated = migrate(*database, schema_steps); !migrated)
        return fail(migrated.error());
    sqlite3_db_config(database->database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
    database->writes_ = true;
    if (auto set = database->run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                                 "PRAGMA cache_size = -8000; PRAGMA journal_size_limit = 16777216;"
                                 "PRAGMA wal_autocheckpoint = 2000; PRAGMA temp_store = FILE");
        !set)
        return fail(set.error());
    return database;
}

} // namespace pinpipe::store
