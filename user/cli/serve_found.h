/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serve_found.h - what becomes of what the service finds: recording, HTTP, handler, journal. */
#ifndef BLOCKPROF_CLI_SERVE_FOUND_H
#define BLOCKPROF_CLI_SERVE_FOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/serve_web.h"
#include "cli/stall_command.h"
#include "stall/engine.h"

struct news;
struct recorder;
struct where;

/* All of it outlives a watch: a reload begins another. */
struct serve_found {
	struct recorder *recorder;
	struct serve_web web;
	struct stall_command command;
	struct news *news;
	struct where *where; /* those belong whose stalls go to the journal */
	bool in_journal;
	bool no_advice;
	int64_t realtime_offset_ns; /* timestamp_of() */
	uint64_t stalls;
};

/* found must stay where it is. */
struct engine_sink serve_found_sink(struct serve_found *found);

#endif
