// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * An iterator that writes the process group of the process that reads it, as socket records have
 * it: inside a pid namespace that process knows another number. It iterates over a map of one
 * element; the map's content does not matter.
 */
#include "bpf/abi/kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/abi/control.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("iter/bpf_map_elem")
int tell_pgid(struct bpf_iter__bpf_map_elem *ctx)
{
	struct pgid_record r = {};
	struct task_struct *task;

	if (!ctx->key)
		return 0;
	task = (struct task_struct *)bpf_get_current_task(); /* not the _btf variant: Linux 5.10 */
	r.pgid = BPF_CORE_READ(task, signal, pids[PIDTYPE_PGID], numbers[0].nr);
	bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
	return 0;
}
