// SPDX-License-Identifier: MIT
// Does to pinned objects what users with write access can do and the tools never do. Needs no
// libbpf.
//
//   tamper position RING POSITION   writes the consumer position of a ring buffer: a number, or
//                                   "producer" for where the kernel writes next
//   tamper link LINK PROGRAM        puts another program into a link
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpf(int command, union bpf_attr *attr) {
    return (int)syscall(SYS_bpf, command, attr, sizeof *attr);
}

// All zero, unlike a union with an initializer, of which gcc 15 sets only the member that is named.
static const union bpf_attr no_attr;

static int open_pin(const char *path) {
    union bpf_attr attr = no_attr;
    int fd;

    attr.pathname = (uint64_t)(uintptr_t)path;
    fd = bpf(BPF_OBJ_GET, &attr);
    if (fd < 0) {
        perror(path);
        exit(1);
    }
    return fd;
}

static volatile uint64_t *map_page(int ring, int protection, long page) {
    void *at = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), protection, MAP_SHARED, ring,
                    page * sysconf(_SC_PAGESIZE));

    if (at == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return at;
}

static void set_position(const char *path, const char *position) {
    const int ring = open_pin(path);
    volatile uint64_t *consumer = map_page(ring, PROT_READ | PROT_WRITE, 0);
    volatile uint64_t *producer = map_page(ring, PROT_READ, 1);

    *consumer = strcmp(position, "producer") ? strtoull(position, NULL, 0) : *producer;
}

static void update_link(const char *link, const char *program) {
    union bpf_attr attr = no_attr;

    attr.link_update.link_fd = (uint32_t)open_pin(link);
    attr.link_update.new_prog_fd = (uint32_t)open_pin(program);
    if (bpf(BPF_LINK_UPDATE, &attr) != 0) {
        perror(link);
        exit(1);
    }
}

int main(int argc, char **argv) {
    if (argc == 4 && !strcmp(argv[1], "position"))
        set_position(argv[2], argv[3]);
    else if (argc == 4 && !strcmp(argv[1], "link"))
        update_link(argv[2], argv[3]);
    else
        return 2;
    return 0;
}
