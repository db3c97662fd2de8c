// SPDX-License-Identifier: MIT
// Reads and writes records of pinned maps; fields have the names that bpf/abi gives them.
//
//   abi ROOT MAP INDEX               prints the whole record, in hexadecimal
//   abi ROOT MAP INDEX FIELD         prints a field: a number, or the text of a name
//   abi ROOT MAP INDEX FIELD VALUE   writes a number into a field
//
// As in: abi /run/ebpf maps/hooks 0 netns. Needs no libbpf.
#include "bpf/abi/control.h"
#include "bpf/abi/rules.h"
#include "bpf/abi/watches.h"

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct field {
    const char *map;
    const char *name;
    size_t record; // size of the record that it is in
    size_t offset;
    size_t size; // 4 and 8: a number; else text
};

#define FIELD(map, type, name)                                                                     \
    {                                                                                              \
        map, #name, sizeof(struct type), offsetof(struct type, name),                              \
            sizeof(((struct type *)0)->name)                                                       \
    }

static const struct field fields[] = {
    FIELD("abi", abi_record, version),
    FIELD("maps/cgroups", cgroup_record, build),
    FIELD("maps/hooks", hook_record, flags),
    FIELD("maps/hooks", hook_record, program),
    FIELD("maps/hooks", hook_record, netns),
    FIELD("maps/hooks", hook_record, cgroup),
    FIELD("maps/hooks", hook_record, build),
    FIELD("maps/hooks", hook_record, name),
    FIELD("maps/losses", reader_losses, lost[STREAM_ICMP]),
    FIELD("maps/losses", reader_losses, written[STREAM_ICMP]),
    FIELD("maps/wanted", wanted_record, readers[STREAM_ICMP]),
    FIELD("maps/watching", watching_record, ports),
};

static int bpf(int command, union bpf_attr *attr) {
    const int result = (int)syscall(SYS_bpf, command, attr, sizeof *attr);

    if (result < 0) {
        perror("abi");
        exit(1);
    }
    return result;
}

// All zero, unlike a union with an initializer, of which gcc 15 sets only the member that is named.
static const union bpf_attr no_attr;

// Returns the field of that name, or, without a name, the first one of the map.
static const struct field *find(const char *map, const char *name) {
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!strcmp(fields[i].map, map) && (!name || !strcmp(fields[i].name, name)))
            return &fields[i];
    fprintf(stderr, "abi: %s has no %s\n", map, name ? name : "field");
    exit(2);
}

static int open_map(const char *root, const struct field *field) {
    char path[4096];
    struct bpf_map_info info = {0};

    snprintf(path, sizeof path, "%s/%s", root, field->map);
    union bpf_attr get = no_attr, ask = no_attr;
    get.pathname = (uint64_t)(uintptr_t)path;
    const int map = bpf(BPF_OBJ_GET, &get);
    ask.info.bpf_fd = (uint32_t)map;
    ask.info.info_len = sizeof info;
    ask.info.info = (uint64_t)(uintptr_t)&info;
    bpf(BPF_OBJ_GET_INFO_BY_FD, &ask);
    if (info.value_size != field->record) {
        fprintf(stderr, "abi: %s has records of %u bytes, not %zu\n", path, info.value_size,
                field->record);
        exit(1);
    }
    return map;
}

static void print(const struct field *field, const unsigned char *at) {
    uint32_t small;
    uint64_t large;

    if (field->size == sizeof small) {
        memcpy(&small, at, sizeof small);
        printf("%u\n", small);
    } else if (field->size == sizeof large) {
        memcpy(&large, at, sizeof large);
        printf("%llu\n", (unsigned long long)large);
    } else
        printf("%.*s\n", (int)field->size, (const char *)at);
}

static void change(const struct field *field, unsigned char *at, const char *value) {
    const uint64_t large = strtoull(value, NULL, 10);
    const uint32_t small = (uint32_t)large;

    memcpy(at, field->size == sizeof small ? (const void *)&small : &large, field->size);
}

int main(int argc, char **argv) {
    if (argc < 4 || argc > 6)
        return 2;
    const struct field *field = find(argv[2], argv[4]);
    const uint32_t index = (uint32_t)strtoul(argv[3], NULL, 10);
    unsigned char *record = calloc(1, field->record);
    union bpf_attr element = no_attr;

    element.map_fd = (uint32_t)open_map(argv[1], field);
    element.key = (uint64_t)(uintptr_t)&index;
    element.value = (uint64_t)(uintptr_t)record;
    bpf(BPF_MAP_LOOKUP_ELEM, &element);
    if (argc == 5)
        print(field, record + field->offset);
    for (size_t i = 0; argc == 4 && i < field->record; i++)
        printf("%02x%s", record[i], i + 1 < field->record ? "" : "\n");
    if (argc == 6) {
        change(field, record + field->offset, argv[5]);
        bpf(BPF_MAP_UPDATE_ELEM, &element);
    }
    return 0;
}
