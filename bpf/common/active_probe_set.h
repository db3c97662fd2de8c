/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Which probe set is active. A tracing link cannot replace its program, so a new probe set is
 * attached beside the old one, idle; then one write of this word switches all programs.
 */
#ifndef PINPIPE_ACTIVE_PROBE_SET_H
#define PINPIPE_ACTIVE_PROBE_SET_H

#include "bpf/abi/control.h"

volatile struct switch_record active SEC(".data.active");

const volatile __u64 probe_set; /* number of this program's */

static __always_inline bool is_active(void)
{
	return active.probe_set == probe_set;
}

#endif
