// SPDX-License-Identifier: MIT
// io_uring: bytes moved by no system call of their own, some of them by the kernel's worker
// threads.
#include "tests/traffic/splicing.h"

#include <algorithm>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>

namespace traffic {

namespace {

// A ring for one request at a time.
class Ring {
public:
    Ring() {
        io_uring_params params{};
        const long fd = syscall(SYS_io_uring_setup, 8, &params);
        if (fd < 0)
            throw Skipped{std::string("no io_uring: ") + std::strerror(errno)};
        fd_ = Fd(static_cast<int>(fd));
        in_ = map(params.sq_off.array + params.sq_entries * sizeof(uint32_t), IORING_OFF_SQ_RING);
        out_ =
            map(params.cq_off.cqes + params.cq_entries * sizeof(io_uring_cqe), IORING_OFF_CQ_RING);
        entries_ = reinterpret_cast<io_uring_sqe *>(
            map(params.sq_entries * sizeof(io_uring_sqe), IORING_OFF_SQES));
        params_ = params;
    }

    // What the request came to, with errno set if it failed.
    ssize_t run(const io_uring_sqe &request) {
        const uint32_t mask = *word(in_, params_.sq_off.ring_mask);
        uint32_t *const tail = word(in_, params_.sq_off.tail);
        entries_[*tail & mask] = request;
        word(in_, params_.sq_off.array)[*tail & mask] = *tail & mask;
        std::atomic_ref(*tail).store(*tail + 1);
        long entered;
        do // a signal of the kernel's own may end the wait before the request is complete
            entered = syscall(SYS_io_uring_enter, fd_.get(), 1, 1, IORING_ENTER_GETEVENTS, 0, 0);
        while (entered < 0 && errno == EINTR);
        check(entered, "io_uring_enter");
        return completion();
    }

private:
    static uint32_t *word(std::byte *ring, uint32_t offset) {
        return reinterpret_cast<uint32_t *>(ring + offset);
    }
    std::byte *map(size_t size, off_t at) {
        void *const mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                                  fd_.get(), at); // until the process ends
        expect(mapped != MAP_FAILED, "cannot map a ring");
        return static_cast<std::byte *>(mapped);
    }
    ssize_t completion() {
        const std::atomic_ref tail(*word(out_, params_.cq_off.tail));
        uint32_t *const head = word(out_, params_.cq_off.head);
        while (tail.load() == *head)
            syscall(SYS_io_uring_enter, fd_.get(), 0, 1, IORING_ENTER_GETEVENTS, 0, 0);
        const auto *const results = reinterpret_cast<io_uring_cqe *>(out_ + params_.cq_off.cqes);
        const int result = results[*head & *word(out_, params_.cq_off.ring_mask)].res;
        std::atomic_ref(*head).store(*head + 1);
        if (result >= 0)
            return result;
        errno = -result;
        return -1;
    }

    Fd fd_;
    io_uring_params params_{};
    std::byte *in_ = nullptr, *out_ = nullptr;
    io_uring_sqe *entries_ = nullptr;
};

io_uring_sqe request(unsigned char operation, int fd, const void *memory, size_t size,
                     unsigned char flags) {
    io_uring_sqe made{};
    made.opcode = operation;
    made.flags = flags;
    made.fd = fd;
    made.addr = reinterpret_cast<uintptr_t>(memory);
    made.len = static_cast<uint32_t>(size);
    return made;
}

// A kernel without the operation says EINVAL or EOPNOTSUPP.
ssize_t supported(ssize_t result, const char *what) {
    if (result < 0 && (errno == EINVAL || errno == EOPNOTSUPP))
        throw Skipped{std::string("no ") + what + ": " + std::strerror(errno)};
    return check(result, what);
}

constexpr size_t chunk = 10000;

void send_by_ring(const Wire &wire, size_t bytes, unsigned char flags) {
    Ring ring;
    while (bytes > 0) {
        const size_t part = std::min(bytes, chunk);
        bytes -= static_cast<size_t>(supported(
            wire.sent(ring.run(request(IORING_OP_SEND, wire.fd(), scratch(), part, flags))),
            "IORING_OP_SEND"));
    }
    shutdown(wire.fd(), SHUT_WR);
}

void receive_by_ring(const Wire &wire, unsigned char flags) {
    Ring ring;
    while (
        supported(wire.got(ring.run(request(IORING_OP_RECV, wire.fd(), scratch(), chunk, flags))),
                  "IORING_OP_RECV") > 0)
        ;
}

void by_rings(Case &c, unsigned char flags) {
    stream(
        c,
        [=](Wire &wire) {
            send_by_ring(wire, scaled(256 << 10), flags);
            receive_by_ring(wire, flags);
        },
        [=](Wire &wire) {
            receive_by_ring(wire, flags);
            send_by_ring(wire, 33333, flags);
        });
}

void uring(Case &c) {
    by_rings(c, 0);
}
void uring_async(Case &c) {
    by_rings(c, IOSQE_ASYNC);
}

// Requests made from vectors, and by READV and WRITEV, which know nothing of sockets.
void uring_vectors(Case &c) {
    constexpr size_t size = 30000;
    stream(
        c,
        [](Wire &wire) {
            Ring ring;
            std::vector<iovec> parts = in_parts(size);
            msghdr message{};
            message.msg_iov = parts.data();
            message.msg_iovlen = parts.size();
            supported(wire.sent(ring.run(request(IORING_OP_SENDMSG, wire.fd(), &message, 1, 0))),
                      "IORING_OP_SENDMSG");
            supported(wire.sent(ring.run(
                          request(IORING_OP_WRITEV, wire.fd(), parts.data(), parts.size(), 0))),
                      "IORING_OP_WRITEV");
        },
        [](Wire &wire) {
            Ring ring;
            std::vector<iovec> parts = in_parts(10000);
            msghdr message{};
            message.msg_iov = parts.data();
            message.msg_iovlen = parts.size();
            supported(wire.got(ring.run(request(IORING_OP_RECVMSG, wire.fd(), &message, 1, 0))),
                      "IORING_OP_RECVMSG");
            while (supported(wire.got(ring.run(request(IORING_OP_READV, wire.fd(), parts.data(),
                                                       parts.size(), 0))),
                             "IORING_OP_READV") > 0)
                ;
        });
}

void uring_udp(Case &c, unsigned char flags) {
    const Fd socket = bind_to("127.0.0.1", udp), other = bind_to("127.0.0.2", udp);
    const Address here = local_address(socket), there = local_address(other);
    check(connect(socket.get(), there.get(), there.length), "connect");
    check(connect(other.get(), here.get(), here.length), "connect");
    c.role("tr-receiver", [&](Role &role) {
        Ring ring;
        const Wire wire(role, Fd(dup(socket.get())), udp);
        for (int turn = 0; turn < 20; ++turn)
            supported(
                wire.got(ring.run(request(IORING_OP_RECV, wire.fd(), scratch(), chunk, flags))),
                "IORING_OP_RECV");
    });
    c.role("tr-sender", [&](Role &role) {
        Ring ring;
        const Wire wire(role, Fd(dup(other.get())), udp);
        for (int turn = 0; turn < 20; ++turn)
            supported(
                wire.sent(ring.run(request(IORING_OP_SEND, wire.fd(), scratch(), 700, flags))),
                "IORING_OP_SEND");
    });
}

void uring_udp_inline(Case &c) {
    uring_udp(c, 0);
}
void uring_udp_async(Case &c) {
    uring_udp(c, IOSQE_ASYNC);
}

io_uring_sqe splice_request(int from, int to, size_t size) {
    io_uring_sqe made{};
    made.opcode = IORING_OP_SPLICE;
    made.fd = to;
    made.splice_fd_in = from;
    made.splice_off_in = ~uint64_t{0};
    made.off = ~uint64_t{0};
    made.len = static_cast<uint32_t>(size);
    return made;
}

void uring_splice_in(Case &c) {
    stream(
        c, [](Wire &wire) { wire.send(scaled(128 << 10)); },
        [](Wire &wire) {
            Ring ring;
            Pipe pipe;
            ssize_t count;
            while ((count = supported(
                        wire.got(ring.run(splice_request(wire.fd(), pipe.write.get(), 20000))),
                        "IORING_OP_SPLICE")) > 0)
                empty(pipe, count);
        });
}

void uring_splice_out(Case &c) {
    stream(
        c,
        [](Wire &wire) {
            Ring ring;
            Pipe pipe;
            for (int turn = 0; turn < 10; ++turn) {
                check(write(pipe.write.get(), scratch(), 5000), "write");
                for (ssize_t left = 5000; left > 0;)
                    left -= supported(wire.sent(ring.run(splice_request(
                                          pipe.read.get(), wire.fd(), static_cast<size_t>(left)))),
                                      "IORING_OP_SPLICE");
            }
        },
        [](Wire &wire) { wire.drain(); });
}

constexpr Entry entries[] = {
    {"uring", uring},
    {"uring_async", uring_async},
    {"uring_vectors", uring_vectors},
    {"uring_udp", uring_udp_inline},
    {"uring_udp_async", uring_udp_async},
    {"uring_splice_in", uring_splice_in},
    {"uring_splice_out", uring_splice_out},
};

} // namespace

std::span<const Entry> uring_cases() {
    return entries;
}

} // namespace traffic
