/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serve_web.h - what of the service is answered over HTTP. */
#ifndef BLOCKPROF_CLI_SERVE_WEB_H
#define BLOCKPROF_CLI_SERVE_WEB_H

#include <poll.h>

#include "cli/serve_options.h"
#include "model/model.h"
#include "session/session.h"
#include "web/hour.h"
#include "web/metrics.h"
#include "web/profiles.h"
#include "web/recent.h"
#include "web/web.h"

/* Starts as { 0 }. */
struct serve_web {
	struct listeners listeners;
	int refused; /* -errno: its own address could not be had */
	struct web *web; /* NULL: nobody is answered */
	uint64_t told_restarts;
	struct metrics *metrics;
	struct recent *recent;
	struct profiles *profiles;
	struct hour *hour;
	const struct session *session; /* of the watch that counts now; NULL: there is none yet */
};

/* What of the options can be seen to be wrong without that. 0 or -errno, with a message. */
int serve_web_check(const struct serve_options *options);
/* It listens, where it can: nobody is answered where that is not asked for and cannot be had. 0 or -errno, with a message. */
int serve_web_open(struct serve_web *web, const struct serve_options *options);
/* Who connects is answered from now on: the directory of the recordings, which the token is in, can be used. Likewise. */
int serve_web_start(struct serve_web *web, const struct serve_options *options,
		    struct zygote *zygote);
void serve_web_close(struct serve_web *web);
/* Other options; where it listens stays. */
void serve_web_set(struct serve_web *web, const struct serve_options *options);
/* Returns how many there are to be polled, at most 1. */
size_t serve_web_fds(const struct serve_web *web, struct pollfd *fds);
/* From here on this watch is the one that counts. */
void serve_web_begin(struct serve_web *web, const struct serve_options *options,
		     const struct session *session);
void serve_web_loop(struct serve_web *web, const struct loop_record *loop);
void serve_web_second(struct serve_web *web, const struct second_record *second);
void serve_web_withdrawn(struct serve_web *web, const struct withdrawn_record *withdrawn);
void serve_web_blocked(struct serve_web *web, const struct blocked_record *blocked);
/* A recording has ended; another one begins. */
void serve_web_recorded(struct serve_web *web, const struct summary_record *summary);
/* One that --match and --ignore let through, its time set. */
void serve_web_stall(struct serve_web *web, const struct stall_record *stall);
/* Counts the loops that are there. Each second; now_ns: CLOCK_MONOTONIC. */
void serve_web_tick(struct serve_web *web, uint64_t now_ns);
/* Answers what was asked. */
void serve_web_run(struct serve_web *web);

#endif
