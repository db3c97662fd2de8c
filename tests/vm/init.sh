#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# The guest's first program, in the initramfs: puts the host's file system in place and goes on with guest.sh.
#   /host     the host's / (9p share "host"), read-only
#   /changes  tmpfs: what is written over it, lost at the end
#   /root     both together, the root of all that follows; there /run/vm is the 9p share "job" (see guest.sh)
# Where anything fails the shell ends, the kernel panics for want of it, and the console shows what failed.
set -e
busybox=/bin/busybox
share='trans=virtio,version=9p2000.L,msize=512000'

$busybox mount -t proc proc /proc
$busybox mount -t sysfs sysfs /sys
$busybox mount -t devtmpfs devtmpfs /dev
while read -r module; do $busybox insmod "/modules/$module"; done </modules/order

# The host's files are taken not to change meanwhile, which lets the guest cache them.
$busybox mount -t 9p -o "$share,ro,cache=loose" host /host
$busybox mount -t tmpfs -o size=75% changes /changes
$busybox mkdir /changes/upper /changes/work
$busybox mount -t overlay -o lowerdir=/host,upperdir=/changes/upper,workdir=/changes/work root /root
for place in proc sys dev; do $busybox mount --move /$place /root/$place; done

$busybox mount -t tmpfs -o mode=755 run /root/run
$busybox mkdir /root/run/lock /root/run/vm
$busybox mount -t 9p -o "$share,cache=none" job /root/run/vm
exec $busybox switch_root /root /bin/bash /run/vm/guest.sh
