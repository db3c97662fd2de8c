// SPDX-License-Identifier: MIT
// The ring's reader on arbitrary ring memory, with arbitrary changes of it in between: positions,
// lengths, bytes. The producer's position alone is a multiple of 8, as the kernel has it: nobody
// else can write that page. Each mapping lies between two pages that nobody may touch.
#include "lib/pins/ring.h"

#include "tests/unit/support/ring_memory.h"

#include <cstdlib>
#include <fuzzer/FuzzedDataProvider.h>
#include <map>
#include <vector>

using namespace pinpipe;

namespace {

size_t page() {
    static const auto size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    return size;
}

// Guarded mappings: where the inner one starts, and the whole's size.
std::map<void *, size_t> &guarded() {
    static auto *const all = new std::map<void *, size_t>;
    return *all;
}

} // namespace

// The linker puts these in the place of mmap and munmap (--wrap).
extern "C" void *__real_mmap(void *, size_t, int, int, int, off_t);
extern "C" int __real_munmap(void *, size_t);

extern "C" void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd,
                             off_t offset) {
    if (at || fd < 0 || !(flags & MAP_SHARED))
        return __real_mmap(at, size, protection, flags, fd, offset);
    const size_t inner = (size + page() - 1) / page() * page(), whole = inner + 2 * page();
    char *const start = static_cast<char *>(
        __real_mmap(nullptr, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (start == MAP_FAILED)
        abort();
    void *const mapped =
        __real_mmap(start + page(), size, protection, flags | MAP_FIXED, fd, offset);
    if (mapped == MAP_FAILED)
        abort();
    guarded()[mapped] = whole;
    return mapped;
}

extern "C" int __wrap_munmap(void *at, size_t size) {
    const auto found = guarded().find(at);
    if (found == guarded().end())
        return __real_munmap(at, size);
    const size_t whole = found->second;
    guarded().erase(found);
    return __real_munmap(static_cast<char *>(at) - page(), whole);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    FuzzedDataProvider input(bytes, count);
    static RingMemory memory(4096);
    const uint64_t size = memory.size();
    std::memset(memory.data(), 0, size);
    const auto aligned = [](uint64_t position) { return position / 8 * 8; };
    memory.producer() = aligned(input.ConsumeIntegral<uint64_t>());
    memory.consumer() = memory.producer() - input.ConsumeIntegral<uint16_t>();
    auto ring = Ring::map(memory.fd(), memory.size(), "the ring");
    if (!ring)
        abort();
    std::vector<Record> batch(64);
    while (input.remaining_bytes()) {
        switch (input.ConsumeIntegralInRange(0, 7)) {
        case 0: {
            const size_t most = input.ConsumeIntegralInRange<size_t>(0, batch.size());
            const size_t taken = ring->take(std::span(batch).first(most));
            if (taken > most)
                abort();
            for (size_t i = 0; i < taken; i++) {
                const auto *record = batch[i].as<icmp_record>();
                if (record && batch[i].size != sizeof *record)
                    abort();
            }
            break;
        }
        case 1: {
            const std::string text = input.ConsumeRandomLengthString(256);
            const size_t at = input.ConsumeIntegralInRange<size_t>(0, size - text.size());
            std::memcpy(memory.data() + at, text.data(), text.size());
            break;
        }
        case 2: memory.consumer() = input.ConsumeIntegral<uint64_t>(); break;
        case 3: memory.producer() = aligned(input.ConsumeIntegral<uint64_t>()); break;
        case 4: memory.producer() += aligned(input.ConsumeIntegral<uint16_t>()); break;
        case 5: { // a length where the next record would be
            const size_t at = memory.producer() & (size - 1);
            const auto word = input.ConsumeIntegral<uint32_t>();
            std::memcpy(memory.data() + at, &word, sizeof word);
            break;
        }
        case 6: ring->skip(); break;
        case 7: memory.add(input.ConsumeRandomLengthString(record_max + 8)); break;
        }
    }
    static_cast<void>(ring->unread());
    return 0;
}
