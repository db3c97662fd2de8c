// SPDX-License-Identifier: MIT
// A library to preload: answers chosen bpf(2) requests of a process with an error, as a kernel does
// that refuses them, and lists the granted ones. It replaces syscall(2), through which libbpf asks.
// The environment says:
//
//   REFUSE="KIND OBJECT NAME ERRNO"
//       the request to refuse: for the program or map of that name, for the link or iterator of
//       the program of that name, or for btf; "*" stands for all of them
//   REFUSE_ASKED=FILE
//       gets a line "KIND OBJECT NAME ID" for each request that was granted (an iterator's ID is 0)
//   REFUSE_HOLLOW=1
//       replaces programs by ones that let everything pass, since most of a load's time goes
//       into the verifier; "all" also replaces the few instructions with which libbpf and the
//       loader try what the kernel grants
//
// OBJECT is the last global function in the BTF that comes with the request: no two object files
// share it. A request without BTF, or a thing without a name, has "-".
// A test that loads this file as a library calls refuse_is_there() to ask whether the kernel still
// has a listed thing.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NAME_SIZE = 64, MOST = 1024 };

struct request {
    const char *kind; // NULL: nothing that this is about
    char object[NAME_SIZE];
    char name[NAME_SIZE];
};

// OBJECT of each granted BTF and program, by its id.
struct table {
    int count;
    struct {
        uint32_t id;
        char object[NAME_SIZE];
    } rows[MOST];
};
static struct table btfs, programs;

static long call(long number, ...) {
    static long (*real)(long, ...);
    long a[6];
    va_list list;

    if (!real)
        real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static long bpf(int command, union bpf_attr *attr, unsigned size) {
    return call(SYS_bpf, (long)command, (long)attr, (long)size, 0L, 0L, 0L);
}

// All zero, unlike a union with an initializer, of which gcc 15 sets only the member that is named.
static const union bpf_attr no_attr;

static long get_info(int fd, void *info, unsigned size) {
    union bpf_attr attr = no_attr;

    attr.info.bpf_fd = (uint32_t)fd;
    attr.info.info_len = size;
    attr.info.info = (uint64_t)(uintptr_t)info;
    return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof attr);
}

static uint32_t id_of(const char *kind, int fd) {
    union {
        struct bpf_prog_info program;
        struct bpf_map_info map;
        struct bpf_link_info link;
        struct bpf_btf_info btf;
    } info;

    memset(&info, 0, sizeof info);
    if (!strcmp(kind, "iterator") || get_info(fd, &info, sizeof info) != 0)
        return 0;
    return !strcmp(kind, "program") ? info.program.id
           : !strcmp(kind, "map")   ? info.map.id
           : !strcmp(kind, "btf")   ? info.btf.id
                                    : info.link.id;
}

// --- names ---

static void set_name(char *name, const char *text, size_t size) {
    snprintf(name, NAME_SIZE, "%.*s", (int)size, text && *text ? text : "-");
}

static void remember(struct table *table, uint32_t id, const char *object) {
    if (table->count == MOST)
        abort();
    table->rows[table->count].id = id;
    set_name(table->rows[table->count++].object, object, NAME_SIZE - 1);
}

// Searches from the newest, since the kernel uses ids again.
static const char *recall(const struct table *table, uint32_t id) {
    for (int i = table->count - 1; i >= 0; i--)
        if (table->rows[i].id == id)
            return table->rows[i].object;
    return "-";
}

static void name_by_btf(struct request *request, const char *name, size_t size, uint32_t btf) {
    set_name(request->name, name, size);
    set_name(request->object, btf ? recall(&btfs, id_of("btf", (int)btf)) : "-", NAME_SIZE - 1);
}

static void name_by_program(struct request *request, int program) {
    struct bpf_prog_info info = {0};

    get_info(program, &info, sizeof info);
    set_name(request->name, info.name, sizeof info.name);
    set_name(request->object, recall(&programs, info.id), NAME_SIZE - 1);
}

static void name_by_link(struct request *request, int link) {
    struct bpf_link_info info = {0};
    union bpf_attr attr = no_attr;
    int program;

    get_info(link, &info, sizeof info);
    attr.prog_id = info.prog_id;
    program = (int)bpf(BPF_PROG_GET_FD_BY_ID, &attr, sizeof attr);
    name_by_program(request, program);
    close(program);
}

// Returns the number of bytes that follow a BTF type of this kind.
static size_t size_after(uint32_t info) {
    const size_t count = BTF_INFO_VLEN(info);

    switch (BTF_INFO_KIND(info)) {
    case BTF_KIND_INT:
    case BTF_KIND_VAR:
    case BTF_KIND_DECL_TAG: return 4;
    case BTF_KIND_ARRAY: return 12;
    case BTF_KIND_ENUM:
    case BTF_KIND_FUNC_PROTO: return 8 * count;
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
    case BTF_KIND_DATASEC:
    case BTF_KIND_ENUM64: return 12 * count;
    default: return 0;
    }
}

// Returns the name of the last global function in this BTF.
static void name_by_types(struct request *request, const char *bytes) {
    const struct btf_header *head = (const struct btf_header *)bytes;
    const char *at = bytes + head->hdr_len + head->type_off, *const end = at + head->type_len;
    const char *const strings = bytes + head->hdr_len + head->str_off;
    const struct btf_type *type;

    set_name(request->name, "-", 1);
    set_name(request->object, "-", 1);
    for (; at < end; at += sizeof *type + size_after(type->info)) {
        type = (const struct btf_type *)at;
        if (BTF_INFO_KIND(type->info) == BTF_KIND_FUNC &&
            BTF_INFO_VLEN(type->info) == BTF_FUNC_GLOBAL)
            set_name(request->object, strings + type->name_off, NAME_SIZE - 1);
    }
}

static struct request name_request(int command, const union bpf_attr *attr) {
    struct request request = {0};

    switch (command) {
    case BPF_PROG_LOAD:
        request.kind = "program";
        name_by_btf(&request, attr->prog_name, sizeof attr->prog_name, attr->prog_btf_fd);
        break;
    case BPF_MAP_CREATE:
        request.kind = "map";
        name_by_btf(&request, attr->map_name, sizeof attr->map_name, attr->btf_fd);
        break;
    case BPF_LINK_CREATE:
        request.kind = "link";
        name_by_program(&request, (int)attr->link_create.prog_fd);
        break;
    case BPF_RAW_TRACEPOINT_OPEN:
        request.kind = "link";
        name_by_program(&request, (int)attr->raw_tracepoint.prog_fd);
        break;
    case BPF_ITER_CREATE:
        request.kind = "iterator";
        name_by_link(&request, (int)attr->iter_create.link_fd);
        break;
    case BPF_BTF_LOAD:
        request.kind = "btf";
        name_by_types(&request, (const char *)(uintptr_t)attr->btf);
        break;
    }
    return request;
}

// --- what is done ---

static int fits(const char *wanted, const char *text) {
    return !strcmp(wanted, "*") || !strcmp(wanted, text);
}

// If the kernel refuses a map with BTF, libbpf makes it without, hence without an OBJECT.
static int is_second_attempt(const struct request *request, int refused_before) {
    return refused_before && !strcmp(request->kind, "map") && !strcmp(request->object, "-");
}

// Returns the errno to answer with, or 0 to grant the request.
static int is_refused(const struct request *request) {
    static int refused_before;
    const char *text = getenv("REFUSE");
    char kind[16], object[NAME_SIZE], name[NAME_SIZE];
    int code = 0;

    if (!text)
        return 0;
    if (sscanf(text, "%15s %63s %63s %d", kind, object, name, &code) != 4)
        abort();
    if (strcmp(kind, request->kind) || !fits(name, request->name) ||
        !(fits(object, request->object) || is_second_attempt(request, refused_before)))
        return 0;
    refused_before = 1;
    return code;
}

static void list(const struct request *request, uint32_t id) {
    const char *path = getenv("REFUSE_ASKED");
    char line[2 * NAME_SIZE + 32];
    int out, length;

    if (!path)
        return;
    length = snprintf(line, sizeof line, "%s %s %s %u\n", request->kind, request->object,
                      request->name, id);
    out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (out < 0 || write(out, line, (size_t)length) != length)
        abort();
    close(out);
}

static void note(const struct request *request, int fd) {
    const uint32_t id = id_of(request->kind, fd);

    if (!strcmp(request->kind, "btf"))
        remember(&btfs, id, request->object);
    else if (!strcmp(request->kind, "program"))
        remember(&programs, id, request->object);
    list(request, id);
}

// Returns the return value with which a program of this type lets everything pass.
static int pass_value(uint32_t type) {
    switch (type) {
    case BPF_PROG_TYPE_XDP: return XDP_PASS;
    case BPF_PROG_TYPE_SCHED_CLS: return -1;
    case BPF_PROG_TYPE_CGROUP_SKB:
    case BPF_PROG_TYPE_CGROUP_SOCK:
    case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
    case BPF_PROG_TYPE_LSM: return 1;
    default: return 0;
    }
}

static int is_hollow(const union bpf_attr *attr) {
    const char *const which = getenv("REFUSE_HOLLOW");

    return which && (attr->insn_cnt > 8 || !strcmp(which, "all"));
}

static long load_hollow(const union bpf_attr *attr, size_t size) {
    struct bpf_insn pass[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K,
         .dst_reg = BPF_REG_0,
         .imm = pass_value(attr->prog_type)},
        {.code = BPF_JMP | BPF_EXIT},
    };
    union bpf_attr hollow;

    memset(&hollow, 0, sizeof hollow);
    memcpy(&hollow, attr, size < sizeof hollow ? size : sizeof hollow);
    hollow.insns = (uint64_t)(uintptr_t)pass;
    hollow.insn_cnt = 2;
    hollow.prog_btf_fd = hollow.func_info_cnt = hollow.line_info_cnt = hollow.core_relo_cnt = 0;
    return bpf(BPF_PROG_LOAD, &hollow, sizeof hollow);
}

static long answer(int command, union bpf_attr *attr, size_t size) {
    const struct request request = name_request(command, attr);
    long result;
    int code;

    if (!request.kind)
        return bpf(command, attr, (unsigned)size);
    code = is_refused(&request);
    if (code != 0) {
        errno = code;
        return -1;
    }
    if (command == BPF_PROG_LOAD && is_hollow(attr))
        result = load_hollow(attr, size);
    else
        result = bpf(command, attr, (unsigned)size);
    code = errno;
    if (result >= 0)
        note(&request, (int)result);
    errno = code;
    return result;
}

long syscall(long number, ...) {
    long a[6];
    va_list list;

    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_bpf)
        return answer((int)a[0], (union bpf_attr *)a[1], (size_t)a[2]);
    return call(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int refuse_is_there(const char *kind, uint32_t id) {
    const int command = !strcmp(kind, "program") ? BPF_PROG_GET_FD_BY_ID
                        : !strcmp(kind, "map")   ? BPF_MAP_GET_FD_BY_ID
                        : !strcmp(kind, "btf")   ? BPF_BTF_GET_FD_BY_ID
                                                 : BPF_LINK_GET_FD_BY_ID;
    union bpf_attr attr = no_attr;
    int fd;

    attr.prog_id = id;
    fd = (int)bpf(command, &attr, sizeof attr);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}
