# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The guest's first process once the host's file system is mounted: mounts the rest, runs COMMAND, powers off.
# /run/vm is a directory on the host that tests/vm/run made for this guest:
#   settings        input: directory, modules, release, share, path, home, kept and command, as bash declares them
#   stdout, stderr  output: COMMAND's output
#   begun           output: made when the guest begins
#   status          output: COMMAND's exit status, written after all of its output
#   out             mount point for the directory of -d
# As in init.sh, a failure before COMMAND panics the kernel.
# shellcheck disable=SC1091,SC2154 # these variables come from settings
set -e
. /run/vm/settings
: >/run/vm/begun
exec </dev/null
PATH=$path

# Modules first: their directory may be below one that a tmpfs is about to hide.
mkdir -p "/lib/modules/$release" /dev/pts /dev/shm
mount --bind "$modules" "/lib/modules/$release"

# Keeps the directories below /tmp that COMMAND needs elsewhere until the new /tmp is mounted.
mkdir /run/kept
for i in "${!kept[@]}"; do
	mkdir "/run/kept/$i"
	mount --bind "${kept[i]}" "/run/kept/$i"
done

mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t tmpfs -o mode=1777 tmp /tmp
for i in "${!kept[@]}"; do
	mkdir -p "${kept[i]}"
	mount --move "/run/kept/$i" "${kept[i]}"
	rmdir "/run/kept/$i"
done
rmdir /run/kept
mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup
mount -t bpf -o mode=0700 bpf /sys/fs/bpf
mount -t tracefs tracefs /sys/kernel/tracing
mount -t debugfs debugfs /sys/kernel/debug
mount -t securityfs securityfs /sys/kernel/security
[ -z "$share" ] || mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=none out /run/vm/out

ln -s /proc/self/fd /dev/fd
for name in stdin:0 stdout:1 stderr:2; do ln -s "fd/${name#*:}" "/dev/${name%:*}"; done
echo vm >/proc/sys/kernel/hostname
busybox ip link set lo up

# COMMAND gets pipes, since it may open /dev/stdout again and truncate it. The files that the copiers write are not
# cached: their contents are on the host even if the guest crashes.
exec {out}> >(exec cat >/run/vm/stdout)
out_copier=$!
exec {err}> >(exec cat >/run/vm/stderr)
err_copier=$!
status=0
(
	export HOME=$home PATH TERM=dumb
	[ -z "$share" ] || export VMOUT=/run/vm/out
	cd "$directory" && exec -- "${command[@]}"
) >&"$out" 2>&"$err" {out}>&- {err}>&- || status=$?
exec {out}>&- {err}>&-

# Kills processes that COMMAND left running: they would hold its output open.
for process in /proc/[0-9]*; do
	case ${process##*/} in
	"$$" | "$out_copier" | "$err_copier") ;;
	*) kill -KILL "${process##*/}" 2>/dev/null || : ;;
	esac
done
wait "$out_copier" "$err_copier" || :
echo "$status" >/run/vm/status
busybox poweroff -f
