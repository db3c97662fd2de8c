/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Rules for AF_PACKET and AF_XDP sockets, judged when a process of the cgroup creates one: at that
 * time there is no socket yet that could have a label.
 */
#ifndef PINPIPE_PACKET_SOCKET_H
#define PINPIPE_PACKET_SOCKET_H

#include "bpf/rules/spare_label.h"

static __always_inline int judge_packet_socket(void)
{
	struct attempt a = {.hook = DENY_CREATE, .flags = SOCKET_OUT, .proto = USAGE_PACKET};

	return may_be_ruled() ? refuse_caller(&a) : LET;
}

#endif
