/* SPDX-License-Identifier: GPL-2.0-or-later */
/* notify.h - what systemd is told of us (sd_notify(3)); nothing where it did not start us. */
#ifndef BLOCKPROF_SERVE_NOTIFY_H
#define BLOCKPROF_SERVE_NOTIFY_H

#include <stdint.h>

void notify_ready(void);
void notify_reloading(uint64_t now_ns); /* notify_ready() ends it; now_ns is CLOCK_MONOTONIC */
void notify_stopping(void);
void notify_status(const char *text); /* one line */
void notify_alive(void); /* for WatchdogSec= */

#endif
