#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# programs.sh: records the snapshots of the programs in programs/, on x86-64 and (qemu) arm64.
# Others are of real programs: record.py NAME -p PID.
set -euo pipefail
cd "$(dirname "$0")"

dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$dir"' EXIT

# NAME PROGRAM [ARGUMENT]: as it stands still
standing() {
	local name=$1
	shift
	"$@" >"$dir/out" &
	pids+=($!)
	for _ in {1..50}; do
		grep -q ready "$dir/out" && break
		sleep 0.1
	done
	sleep 0.1
	python3 record.py "$name" -p $! "${all[@]}" || true
	kill $!
}

# NAME PROGRAM COMMANDS-OF-GDB...: where these stop it
stopped() {
	local name=$1 program=$2 commands=()
	shift 2
	for command; do commands+=(-ex "$command"); done
	python3 record.py "$name" -- "${commands[@]}" "$program" || true
}

sign=()
port=17500
# NAME PROGRAM COMMANDS...: the same by qemu
arm64() {
	local name=$1 program=$2 commands=() pid
	shift 2
	for command; do commands+=(-ex "$command"); done
	port=$((port + 1))
	qemu-aarch64 -cpu "max,pauth=off,sve=off" -L /usr/aarch64-linux-gnu -g $port $program >/dev/null &
	pid=$!
	pids+=($pid)
	sleep 0.5
	python3 record.py "${sign[@]}" --qemu $pid "$name" -- -ex "set sysroot /usr/aarch64-linux-gnu" \
		-ex "file ${program%% *}" -ex "target remote :$port" "${commands[@]}" || true
	kill -9 $pid 2>/dev/null || true
}

plain=(-O2 -fomit-frame-pointer -fno-ipa-sra -fno-optimize-sibling-calls)
all=()
gcc "${plain[@]}" -o "$dir/deep" programs/deep.c
strip -o "$dir/deep-stripped" "$dir/deep"
gcc "${plain[@]}" -static -o "$dir/deep-static" programs/deep.c
gcc "${plain[@]}" -g -fno-asynchronous-unwind-tables -o "$dir/deep-debug-frame" programs/deep.c
gcc -O2 -fno-omit-frame-pointer -fno-ipa-sra -fno-optimize-sibling-calls \
	-fno-asynchronous-unwind-tables -o "$dir/deep-frame-pointer" programs/deep.c
standing deep "$dir/deep-stripped"
standing deep-signal "$dir/deep" signal
standing deep-static-signal "$dir/deep-static" signal
standing deep-debug-frame "$dir/deep-debug-frame"
standing deep-frame-pointer "$dir/deep-frame-pointer"
standing deep-frame-pointer-signal "$dir/deep-frame-pointer" signal
g++ -O2 -fomit-frame-pointer -o "$dir/templates" programs/templates.cc
standing templates "$dir/templates"
g++ -O0 -o "$dir/templates-O0" programs/templates.cc
standing templates-O0 "$dir/templates-O0"
clang++ -O3 -o "$dir/templates-clang" programs/templates.cc 2>/dev/null || cp "$dir/templates" "$dir/templates-clang"
standing templates-clang "$dir/templates-clang"
all=(--all)
gcc -O2 -o "$dir/threads" programs/threads.c
standing threads "$dir/threads"
all=()
gcc -O1 -o "$dir/assembly" programs/assembly-x86.S
stopped assembly "$dir/assembly" "break inside" run
stopped assembly-libc "$dir/assembly" "break pause" run
gcc "${plain[@]}" -Wl,-z,lazy -no-pie -o "$dir/clock" programs/clock.c
stopped plt "$dir/clock" "break *'clock_gettime@plt'" run
stopped plt-second "$dir/clock" "break *'rand@plt'" run si
stopped plt-resolver "$dir/clock" "break *'rand@plt'" run "stepi 4"
stopped vdso "$dir/clock" "break ask" run "tbreak __vdso_clock_gettime" c
stopped vdso-inside "$dir/clock" "break ask" run "tbreak __vdso_clock_gettime" c "stepi 12"
for step in 1 2 3 5 8 13; do
	stopped "prologue-$step" "$dir/clock" "break *ask" run "stepi $step"
done
stopped start "$dir/deep" starti
stopped loader "$dir/deep" starti "stepi 5000"
stopped exit "$dir/clock" "break main" run "tbreak exit" "jump exit"

cross=(aarch64-linux-gnu-gcc "${plain[@]}")
"${cross[@]}" -static -o "$dir/deep-arm64" programs/deep.c
"${cross[@]}" -o "$dir/deep-arm64-dynamic" programs/deep.c
"${cross[@]}" -static -mbranch-protection=standard -o "$dir/deep-arm64-pac" programs/deep.c
"${cross[@]}" -static -fno-asynchronous-unwind-tables -fno-omit-frame-pointer \
	-o "$dir/deep-arm64-fp" programs/deep.c
aarch64-linux-gnu-g++ -O2 -static -o "$dir/templates-arm64" programs/templates.cc
aarch64-linux-gnu-gcc -static -o "$dir/assembly-arm64" programs/assembly-arm64.S
arm64 arm64-deep "$dir/deep-arm64" "break stand_still" c
arm64 arm64-deep-entry "$dir/deep-arm64" "break *compare" c
arm64 arm64-deep-signal "$dir/deep-arm64 signal" "handle SIGUSR1 nostop noprint pass" "break stand_still" c
arm64 arm64-dynamic "$dir/deep-arm64-dynamic" "break stand_still" c
arm64 arm64-dynamic-signal "$dir/deep-arm64-dynamic signal" "handle SIGUSR1 nostop noprint pass" "break stand_still" c
arm64 arm64-dynamic-plt "$dir/deep-arm64-dynamic" "break *'puts@plt'" c
# gdb knows no signatures of qemu's: they are put in afterwards
sign=(--sign)
arm64 arm64-pac "$dir/deep-arm64-pac" "break stand_still" c
arm64 arm64-pac-signal "$dir/deep-arm64-pac signal" "handle SIGUSR1 nostop noprint pass" "break stand_still" c
sign=()
arm64 arm64-frame-pointer "$dir/deep-arm64-fp" "break stand_still" c "stepi 3"
arm64 arm64-templates "$dir/templates-arm64" "break stop_here" c
for step in 1 2 4 7; do
	arm64 "arm64-recurse-$step" "$dir/deep-arm64" "break *recurse" c c "stepi $step"
done
sign=(--sign)
arm64 arm64-assembly-leaf "$dir/assembly-arm64" "break *stop_here" c
