/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status.h - what stands in the text of /proc/PID/status and of files like it. */
#ifndef BLOCKPROF_PROC_STATUS_H
#define BLOCKPROF_PROC_STATUS_H

#include <stdint.h>

/* The number behind a key, which is written "\nKEY:"; 0 where there is none. */
uint64_t status_number(const char *text, const char *key);

#endif
