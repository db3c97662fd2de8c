/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Which set of socket programs is active. A tracing link cannot replace its program, so a new set
 * is attached beside the old one, idle; then one write of this word switches all programs.
 */
#ifndef PINPIPE_ACTIVE_SET_H
#define PINPIPE_ACTIVE_SET_H

#include "bpf/abi/control.h"

volatile struct switch_record active SEC(".data.active");

const volatile __u64 set_number; /* of this program's set */

static __always_inline bool is_active(void)
{
	return active.set == set_number;
}

#endif
