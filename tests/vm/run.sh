#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh [-f PATH]... [--systemd] SUITE COMMAND
#   Runs a shell command as root on the cloud kernel of a Debian suite (bullseye 5.10, bookworm 6.1,
#   trixie 6.12, sid the newest), in qemu without KVM. -f: files and folders of the host that the
#   guest finds at the same absolute path; the libraries that their programs load come along.
#   --systemd: the host's systemd runs the guest, with a journal, and COMMAND as a service.
#   stdout: what the command prints. Exit status: the command's; 77: the kernel cannot be had;
#   125: the guest gave none (panic, hang).
# run.sh --fetch SUITE
#   Only fetches the kernel, which is done once.
#
# BLOCKPROF_VM_LAB      kernels and console logs ($TMPDIR/blockprof-vm)
# BLOCKPROF_VM_MIRROR   Debian mirror (the one that apt uses here)
# BLOCKPROF_VM_TIMEOUT  seconds a guest may take (300)
set -euo pipefail

lab=${BLOCKPROF_VM_LAB:-${TMPDIR:-/tmp}/blockprof-vm}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

cannot() {
	echo "run.sh: $1" >&2
	exit "$2"
}

# Read from apt's sources, as a machine that never ran apt-get update has nothing else.
debian_mirror() {
	grep -qx 'ID=debian' /etc/os-release || return 0
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
		sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb (\[[^]]*\] )?([^ ]+).*/\2/p' | grep -v security | head -n 1
}

# The guest is one initramfs, no disk, no network: the kernel's modules are not needed.
fetch_kernel() {
	local suite=$1 apt=$scratch/apt mirror image binary
	mirror=${BLOCKPROF_VM_MIRROR:-$(debian_mirror || true)}
	[ -n "$mirror" ] || cannot "no Debian mirror known: set BLOCKPROF_VM_MIRROR" 77
	[ -e "$keyring" ] || cannot "no $keyring: install debian-archive-keyring" 77
	# An apt of its own, so that the lists and the state of this machine's stay as they are.
	mkdir -p "$apt"/{lists,cache/archives}/partial "$scratch/kernel"
	echo "deb [signed-by=$keyring] $mirror $suite main" >"$apt/sources"
	cat >"$apt/conf" <<-END
		Dir::Etc::sourcelist "$apt/sources";
		Dir::Etc::sourceparts "-";
		Dir::State::lists "$apt/lists";
		Dir::State::status "/dev/null";
		Dir::Cache "$apt/cache";
		APT::Architecture "amd64";
		APT::Architectures "amd64";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
	END
	export APT_CONFIG=$apt/conf
	apt-get update -qq -o APT::Update::Error-Mode=any >&2 || cannot "cannot reach $mirror for $suite" 77
	image=$(apt-cache depends linux-image-cloud-amd64 | grep -o 'linux-image-[0-9].*' | head -n 1) ||
		cannot "no kernel in $suite" 77
	# The newest suites keep vmlinuz in a package that the image's depends on.
	binary=$(apt-cache depends "$image" | grep -o 'linux-binary-[0-9].*' | head -n 1) || true
	(cd "$scratch/kernel" && apt-get download -qq "${binary:-$image}" >&2 && dpkg-deb -x ./*.deb . && rm ./*.deb) ||
		cannot "cannot fetch ${binary:-$image} from $suite" 77
	unset APT_CONFIG
	mkdir -p "$lab/kernel"
	mv "$scratch/kernel" "$lab/kernel/$suite"
}

# The files asked for, followed through symbolic links, and the libraries of those that are programs.
with_libraries() {
	find -L "$@" -name __pycache__ -prune -o -print
	{ find -L "$@" -type f \( -perm -100 -o -name '*.so*' \) -exec ldd {} + 2>/dev/null || true; } |
		grep -o '/[^ ():]*\.so[^ ():]*' || true
}

# Each path after all folders that lead to it; /lib and such are links to /usr/lib in the guest.
with_parents() {
	sed -E 's,^/(bin|sbin|lib|lib64)/,/usr/\1/,' |
		awk -F/ '{ path = $2; print path; for (i = 3; i <= NF; i++) print path = path "/" $i }' |
		sort -u
}

# No more of it than is needed to run services: no D-Bus, no logins, no devices.
add_systemd() {
	local units=$root/etc/systemd/system program
	mkdir -p "$units" "$root"/var/{lib,log,tmp} "$root/run"
	cp /etc/passwd /etc/group "$root/etc"
	echo guest >"$root/etc/hostname"
	# not the first boot, at which all units that are there would be enabled
	tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
	cat >"$units/guest.target" <<-'END'
		[Unit]
		Requires=guest.service systemd-journald.service
		After=systemd-journald.service
	END
	cat >"$units/guest.service" <<-'END'
		[Unit]
		DefaultDependencies=no
		After=systemd-journald.service
		[Service]
		Type=oneshot
		Environment=PATH=/usr/sbin:/usr/bin HOME=/root
		# by the kernel's log, as systemd hangs up the console now and then
		ExecStartPre=/usr/bin/sh -c 'echo "<2>guest: start" >/dev/kmsg'
		ExecStart=/usr/bin/sh -c 'sh /command </dev/null >/dev/ttyS1 2>&1; echo "<2>guest: status $$?" >/dev/kmsg; sleep 1; poweroff -f'
	END
	mapfile -t -O "${#files[@]}" files < <(find /usr/lib/systemd/system -maxdepth 1 -type f)
	for program in /usr/lib/systemd/systemd{,-journald,-executor} \
		/usr/bin/{systemctl,journalctl,systemd-analyze,systemd-run}; do
		[ ! -e "$program" ] || files+=("$program")
	done
}

make_initramfs() {
	local root=$scratch/root directory
	mkdir -p "$root"/{dev,proc,sys,tmp,run,root,usr/{bin,sbin,lib,lib64}}
	for directory in bin sbin lib lib64; do
		ln -s "usr/$directory" "$root/$directory"
	done
	printf '%s\n' "$command" >"$root/command"
	# ttyS0 is the console's log, ttyS1 carries the command's output and nothing else.
	cat >"$root/init" <<-'END'
		#!/usr/bin/busybox sh
		/usr/bin/busybox --install -s /usr/bin
		export PATH=/usr/sbin:/usr/bin HOME=/root
		mount -t proc proc /proc
		mount -t sysfs sys /sys
		mount -t devtmpfs dev /dev
		mkdir -p /dev/pts /dev/shm
		mount -t devpts pts /dev/pts
		mount -t tmpfs shm /dev/shm
		mount -t tracefs tracefs /sys/kernel/tracing
		mount -t bpf bpf /sys/fs/bpf
		mount -t cgroup2 cgroup /sys/fs/cgroup
		ip link set lo up
		stty -F /dev/ttyS1 raw
		[ ! -e /etc/systemd ] || exec /usr/lib/systemd/systemd --unit=guest.target
		echo "guest: start"
		sh /command </dev/null >/dev/ttyS1 2>&1
		echo "guest: status $?"
		poweroff -f
	END
	chmod +x "$root/init"
	[ -z "$systemd" ] || add_systemd
	{
		(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet)
		with_libraries "$(command -v busybox)" "${files[@]}" | with_parents |
			(cd / && cpio -o -H newc -R 0:0 -L --quiet)
	} >"$scratch/initramfs"
}

# - thread=single: with more, QEMU 7.2 can panic a guest that patches its own code (int3 oops).
# - tsc=reliable: else 5.10 and 6.1 fall back to the hpet, and clock_gettime is a system call.
# - cx16=off: QEMU's cmpxchg16b can corrupt the flags (7.2 and 10.0): 1 of 16 boots of 6.12 panicked.
#   The newest kernels need it, or bpf_task_storage_get() cannot create: so they may have to try again.
boot() {
	local suite=$1 cpu=max log=$scratch/console kernel try status
	case $suite in bullseye | bookworm | trixie) cpu=max,cx16=off ;; esac
	kernel=$(find "$lab/kernel/$suite" -name 'vmlinuz*' | head -n 1)
	for try in 1 2 3; do
		: >"$log"
		# The guest ends with this script, however that ends.
		setpriv --pdeathsig TERM timeout "${BLOCKPROF_VM_TIMEOUT:-300}" nice qemu-system-x86_64 \
			-accel tcg,thread=single -cpu "$cpu" -smp 2 -m 1G \
			-nodefaults -display none -no-reboot \
			-kernel "$kernel" -initrd "$scratch/initramfs" \
			-append "console=ttyS0 quiet panic=-1 tsc=reliable" \
			-serial "file:$log" -chardev stdio,id=out,signal=on -serial chardev:out </dev/null || true
		if grep -q 'guest: start' "$log"; then break; fi
		echo "run.sh: boot $try of $suite failed: $(grep -m 1 -E 'Oops|BUG|panic' "$log" || true)" >&2
	done
	cp "$log" "$lab/console.$suite.log" # of the last one, if several ran at a time
	status=$(sed -n 's/.*guest: status \([0-9]*\).*/\1/p' "$log")
	[ -n "$status" ] || { tail -n 30 "$log" >&2 && exit 125; }
	exit "$status"
}

fetch_only='' systemd='' files=()
while [ $# -gt 0 ]; do
	case $1 in
	-f) files+=("$(realpath -s "$2")") && shift 2 ;;
	--fetch) fetch_only=1 && shift ;;
	--systemd) systemd=1 && shift ;;
	*) break ;;
	esac
done
[ $# -eq "$((fetch_only ? 1 : 2))" ] || cannot "usage: run.sh [-f PATH]... [--systemd] SUITE COMMAND | --fetch SUITE" 2
suite=$1 command=${2:-}

mkdir -p "$lab"
scratch=$(mktemp -d "$lab/run.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
exec 9>"$lab/fetch.$suite.lock"
flock 9
[ -d "$lab/kernel/$suite" ] || fetch_kernel "$suite"
exec 9>&-
[ -z "$fetch_only" ] || exit 0
for tool in qemu-system-x86_64 busybox cpio ${systemd:+/usr/lib/systemd/systemd}; do
	command -v "$tool" >/dev/null || cannot "$tool is not installed" 77
done
make_initramfs
boot "$suite"
