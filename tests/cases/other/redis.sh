#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# redis.sh
# redis-server with a client that asks each 50 ms, and has it save in the background each second.
# Right: no stall, neither at the server nor at the child that saves.
socket=$PWD/redis.sock
(
	sleep 0.5
	while :; do
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			redis-cli -s "$socket" incr number >/dev/null
			sleep 0.05
		done
		redis-cli -s "$socket" bgsave >/dev/null
	done
) &
exec redis-server --port 0 --unixsocket "$socket" --save '' --daemonize no --logfile /dev/null
