/* SPDX-License-Identifier: GPL-2.0-or-later */
/* notify.h - notifies systemd of our state (sd_notify(3)), if it is systemd that started us. */
#ifndef BLOCKPROF_SERVE_NOTIFY_H
#define BLOCKPROF_SERVE_NOTIFY_H

#include <stdint.h>

void notify_ready(void);
void notify_reloading(uint64_t now_ns); /* notify_ready() ends it; now_ns is CLOCK_MONOTONIC */
void notify_stopping(void);
void notify_status(const char *text); /* one line */
void notify_alive(void); /* for WatchdogSec= */

#endif
