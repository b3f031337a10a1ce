/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serve_recorder.h - the recorder by the options of serve. */
#ifndef BLOCKPROF_CLI_SERVE_RECORDER_H
#define BLOCKPROF_CLI_SERVE_RECORDER_H

#include "cli/serve_options.h"
#include "serve/recorder.h"

struct recorder_options serve_recorder_options(const struct serve_options *options);
/* 0 or -errno, with a message. */
int serve_recorder_open(const struct serve_options *options, struct recorder **out);
void serve_recorder_refused(const char *directory, int err);
/* Is the disk full, which will pass? */
bool serve_recorder_is_full(int err);

#endif
