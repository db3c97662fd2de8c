// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Processes with usage entries: changes of their name and executable, and their end. The same for
 * all kinds of socket probes.
 */
#include "bpf/abi/kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/common/active_probe_set.h"
#include "bpf/sockets/account.h"
#include "bpf/sockets/port_claims.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

const volatile __u32 udp_ends_with_process; /* 1: no probe sees UDP sockets close */

/*
 * Runs also in exec, where entries are moved with the name that the process had. The name of a
 * thread other than the leader is not the process's.
 */
SEC("tp_btf/task_rename")
int BPF_PROG(see_rename, struct task_struct *task, const char *comm)
{
	struct process_record *process;
	struct process_key who = {};

	if (!is_active() || task->pid != task->tgid)
		return 0;
	identify_process(task, &who.start, &who.pid);
	if (bpf_core_field_exists(task->in_execve) && BPF_CORE_READ_BITFIELD(task, in_execve)) {
		bury(&who);
		return 0;
	}
	process = bpf_map_lookup_elem(&processes, &who);
	if (process)
		bpf_probe_read_kernel_str(process->process.comm, sizeof(process->process.comm),
					  comm);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(see_exit, struct task_struct *task)
{
	struct process_key who = {};

	if (!is_active() || !has_ended(task))
		return 0;
	identify_process(task, &who.start, &who.pid);
	if (udp_ends_with_process)
		release_ports_of(&who);
	bury(&who);
	return 0;
}
