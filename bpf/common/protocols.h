/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Numbers of IP protocols in packets and sockets. */
#ifndef PINPIPE_PROTOCOLS_H
#define PINPIPE_PROTOCOLS_H

#define PROTO_HOPOPTS  0
#define PROTO_ICMP     1
#define PROTO_TCP      6
#define PROTO_UDP      17
#define PROTO_DCCP     33
#define PROTO_ROUTING  43
#define PROTO_FRAGMENT 44
#define PROTO_AH       51
#define PROTO_ICMPV6   58
#define PROTO_DSTOPTS  60
#define PROTO_SCTP     132
#define PROTO_MOBILITY 135
#define PROTO_UDPLITE  136
#define PROTO_HIP      139
#define PROTO_SHIM6    140
#define PROTO_MPTCP    262 /* of sockets only: on the wire MPTCP is TCP */

#endif
