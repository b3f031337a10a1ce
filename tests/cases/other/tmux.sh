#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# tmux.sh
# A tmux server (libevent) in the foreground, with a pane in which something is written each
# 50 ms, and a pane that waits.
# Right: no stall.
cat >tmux.conf <<-'END'
	new-session -d -x 80 -y 24 'while :; do date; sleep 0.05; done'
	split-window 'sleep 1000'
END
exec tmux -L cases -f tmux.conf -S "$PWD/tmux.sock" -D
