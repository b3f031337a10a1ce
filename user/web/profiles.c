// SPDX-License-Identifier: GPL-2.0-or-later
/* profiles.c - windows of a profile that goes on, and how much of the service's memory it may take. */
#include "web/profiles.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "output/formats.h"
#include "output/profile_view.h"
#include "output/sink.h"

#define PROFILE_BYTES (12u << 20)

_Static_assert((int)PROFILE_MARKS == WEB_WINDOWS, "a window is a mark");

struct profiles {
	struct profile *profile;
	uint64_t began_ns[WEB_WINDOWS];
};

static struct output_options own_options(const struct output_options *options)
{
	return (struct output_options){
		.stalls_only = options->stalls_only,
		.match = options->match,
		.stack_bytes = PROFILE_BYTES,
	};
}

int profiles_new(struct profiles **out, const struct output_options *options)
{
	const struct output_options own = own_options(options);
	struct profiles *profiles = calloc(1, sizeof(*profiles));

	*out = profiles;
	return profiles ? profile_new(&profiles->profile, &own) : -ENOMEM;
}

void profiles_free(struct profiles *profiles)
{
	if (profiles)
		profile_free(profiles->profile);
	free(profiles);
}

void profiles_new_watch(struct profiles *profiles, const struct output_options *options)
{
	const struct output_options own = own_options(options);
	const struct summary_record ended = { 0 };

	/* stalls that were not seen to end count up to there */
	profile_summary(profiles->profile, &ended);
	profile_set_options(profiles->profile, &own);
}

void profiles_loop(struct profiles *profiles, const struct loop_record *loop)
{
	profile_loop(profiles->profile, loop);
}

void profiles_stall(struct profiles *profiles, const struct stall_record *stall)
{
	profile_stall(profiles->profile, stall);
	profile_make_room(profiles->profile);
}

void profiles_withdrawn(struct profiles *profiles, const struct withdrawn_record *withdrawn)
{
	profile_withdrawn(profiles->profile, withdrawn);
}

void profiles_blocked(struct profiles *profiles, const struct blocked_record *blocked)
{
	profile_blocked(profiles->profile, blocked);
	profile_make_room(profiles->profile);
}

static int write_view(struct profiles *profiles, const struct web_question *question, int fd)
{
	unsigned int mark = (unsigned int)question->window - 1;
	bool folded = question->kind == WEB_FOLDED;
	struct profile_view view = {
		.mark = question->window ? &mark : NULL,
		.merged = question->kind == WEB_BLOCK,
		.time_ns = clock_read_ns(CLOCK_REALTIME),
	};
	int own = dup(fd), err, closed;
	struct sink *sink;

	if (own < 0)
		return -errno;
	err = sink_open_fd(&sink, own, !folded);
	if (err)
		return err;
	sink_compress_fast(sink);
	if (view.mark) {
		view.duration_ns = clock_now_ns() - profiles->began_ns[mark];
		view.time_ns -= view.duration_ns;
	}
	err = profile_write_view(profiles->profile, &view, folded ? folded_write : pprof_write,
				 sink);
	closed = sink_close(sink);
	return err ? err : closed;
}

int profiles_answer(struct profiles *profiles, const struct web_question *question, int fd)
{
	unsigned int mark = (unsigned int)question->window - 1;
	int err = 0;

	if (question->kind == WEB_WINDOW_BEGIN) {
		err = profile_set_mark(profiles->profile, mark);
		profiles->began_ns[mark] = clock_now_ns();
		return err ? 503 : 200;
	}
	if (question->kind != WEB_WINDOW_END)
		err = write_view(profiles, question, fd);
	if (question->window)
		profile_clear_mark(profiles->profile, mark);
	return err ? 503 : 200;
}

void profiles_end_windows(struct profiles *profiles)
{
	for (unsigned int mark = 0; mark < PROFILE_MARKS; mark++)
		profile_clear_mark(profiles->profile, mark);
}
