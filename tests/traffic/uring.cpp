// io_uring, by its system calls.
#include "tests/traffic/traffic.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace traffic {
namespace {

class Uring {
public:
    Uring() {
        io_uring_params params{};
        fd_ = static_cast<int>(syscall(SYS_io_uring_setup, 8, &params));
        if (fd_ < 0)
            throw Skip(std::string("no io_uring: ") + std::strerror(errno));
        const size_t ring = params.cq_off.cqes + params.cq_entries * sizeof(io_uring_cqe);
        const size_t queue = params.sq_off.array + params.sq_entries * sizeof(unsigned);
        sq_ = map(queue, IORING_OFF_SQ_RING);
        cq_ = map(ring, IORING_OFF_CQ_RING);
        entries_ = reinterpret_cast<io_uring_sqe *>(
            map(params.sq_entries * sizeof(io_uring_sqe), IORING_OFF_SQES));
        params_ = params;
    }
    ~Uring() { close(fd_); }

    // One operation, to its end; its result.
    int run(const io_uring_sqe &operation) {
        entries_[0] = operation;
        at(sq_, params_.sq_off.array)[0] = 0;
        std::atomic_ref<unsigned>(*at(sq_, params_.sq_off.tail))++;
        if (syscall(SYS_io_uring_enter, fd_, 1, 1, IORING_ENTER_GETEVENTS, nullptr, 0) < 0)
            return -errno;
        unsigned &head = *at(cq_, params_.cq_off.head);
        const auto *results = reinterpret_cast<io_uring_cqe *>(cq_ + params_.cq_off.cqes);
        const int result = results[head & *at(cq_, params_.cq_off.ring_mask)].res;
        std::atomic_ref<unsigned>(head)++;
        return result;
    }

private:
    char *map(size_t size, off_t offset) const {
        void *const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, offset);
        check(memory != MAP_FAILED, "mmap");
        return static_cast<char *>(memory);
    }
    static unsigned *at(char *base, unsigned offset) {
        return reinterpret_cast<unsigned *>(base + offset);
    }
    int fd_;
    char *sq_, *cq_;
    io_uring_sqe *entries_;
    io_uring_params params_{};
};

int transfer(Uring &uring, unsigned char code, int fd, char *data, size_t size,
             unsigned char flags) {
    io_uring_sqe operation{};
    operation.opcode = code;
    operation.fd = fd;
    operation.addr = reinterpret_cast<uintptr_t>(data);
    operation.len = static_cast<unsigned>(size);
    operation.flags = flags;
    return uring.run(operation);
}

void send_receive(unsigned char flags) {
    const Pair p = tcp_pair();
    run({{"tr-uring-out",
          [&](Tally &t) {
              Uring uring;
              char data[3000]{};
              for (int i = 0; i < 20; i++)
                  t.sent("tcp", p.host,
                         transfer(uring, IORING_OP_SEND, p.a, data, sizeof data, flags));
          }},
         {"tr-uring-in", [&](Tally &t) {
              Uring uring;
              char data[3000];
              for (int got = 0; got < 60000;) {
                  const int n = transfer(uring, IORING_OP_RECV, p.b, data, sizeof data, flags);
                  check(n > 0, "io_uring recv");
                  t.received("tcp", p.host, n);
                  got += n;
              }
          }}});
    close(p.a), close(p.b);
}

void uring() {
    send_receive(0);
}
void uring_async() {
    send_receive(IOSQE_ASYNC);
}

void uring_splice() {
    const Pair p = tcp_pair();
    run({{"tr-sender",
          [&](Tally &t) {
              send_all(p.a, 40000, t, "tcp", p.host);
              shutdown(p.a, SHUT_WR);
          }},
         {"tr-uring-pipe", [&](Tally &t) {
              Uring uring;
              int ends[2];
              check(pipe(ends) == 0, "pipe");
              char data[65536];
              receive_all(p.b, 100, t, "tcp", p.host);
              for (int got = 100; got < 40000;) {
                  io_uring_sqe operation{};
                  operation.opcode = IORING_OP_SPLICE;
                  operation.splice_fd_in = p.b;
                  operation.splice_off_in = ~0ULL;
                  operation.fd = ends[1];
                  operation.off = ~0ULL;
                  operation.len = 20000;
                  const int n = uring.run(operation);
                  check(n > 0, "io_uring splice");
                  t.received("tcp", p.host, n);
                  got += n;
                  for (int rest = n; rest > 0;)
                      rest -= static_cast<int>(read(ends[0], data, static_cast<size_t>(rest)));
              }
              close(p.b);
          }}});
    close(p.a), close(p.b);
}

} // namespace

const std::vector<Case> uring_cases = {
    {"uring", uring},
    {"uring_async", uring_async},
    {"uring_splice", uring_splice},
};

} // namespace traffic
