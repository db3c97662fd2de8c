#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# The guest's first program, in the initramfs: mounts the host's file system and continues with guest.sh.
#   /host     the host's / (9p share "host"), read-only
#   /changes  tmpfs with the changes to it, lost at the end
#   /root     an overlay of both, the guest's root from then on; its /run/vm is the 9p share "job" (see guest.sh)
# If a command fails, the shell exits, the kernel panics since its init has ended, and the console shows the error.
set -e
busybox=/bin/busybox
share='trans=virtio,version=9p2000.L,msize=512000'

$busybox mount -t proc proc /proc
$busybox mount -t sysfs sysfs /sys
$busybox mount -t devtmpfs devtmpfs /dev
while read -r module; do $busybox insmod "/modules/$module"; done </modules/order

# cache=loose: the host's files are assumed not to change meanwhile, so the guest may cache them.
$busybox mount -t 9p -o "$share,ro,cache=loose" host /host
$busybox mount -t tmpfs -o size=75% changes /changes
$busybox mkdir /changes/upper /changes/work
$busybox mount -t overlay -o lowerdir=/host,upperdir=/changes/upper,workdir=/changes/work root /root
for place in proc sys dev; do $busybox mount --move /$place /root/$place; done

$busybox mount -t tmpfs -o mode=755 run /root/run
$busybox mkdir /root/run/lock /root/run/vm
$busybox mount -t 9p -o "$share,cache=none" job /root/run/vm
exec $busybox switch_root /root /bin/bash /run/vm/guest.sh
