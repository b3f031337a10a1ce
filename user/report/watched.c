// SPDX-License-Identifier: GPL-2.0-or-later
/* watched.c - from when to when a loop was watched, as far as its recording shows. */
#include "report/watched.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"

#define MINUTES_MAX (1u << 21) /* four years */
#define SPANS_MAX   (1u << 20)
#define MINUTE_NS   (60 * NS_PER_SEC)

/* A loop in the recording that is read. */
struct seen {
	uint64_t first_ns; /* UINT64_MAX: it is not in this recording */
	uint64_t exit_ns; /* 0: it has not ended */
	uint64_t wall_ns; /* 0: not known */
	pid_t pid;
};

struct span {
	uint64_t from_ns;
	uint64_t to_ns;
};

struct watched {
	struct seen *seen;
	size_t nr_seen;
	uint64_t begin_ns;
	uint64_t last_ns;
	struct span *spans;
	size_t nr_spans;
	size_t capacity;
	uint64_t loop_ns;
};

int watched_new(struct watched **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void watched_free(struct watched *watched)
{
	if (!watched)
		return;
	free(watched->seen);
	free(watched->spans);
	free(watched);
}

void watched_begin(struct watched *watched, uint64_t time_ns)
{
	watched->begin_ns = time_ns;
	watched->last_ns = time_ns;
}

void watched_until(struct watched *watched, uint64_t time_ns)
{
	if (time_ns > watched->last_ns)
		watched->last_ns = time_ns;
}

static int add_span(struct watched *watched, struct span span)
{
	if (watched->nr_spans == SPANS_MAX)
		return 0;
	if (watched->nr_spans == watched->capacity) {
		size_t capacity = watched->capacity ? 2 * watched->capacity : 64;
		struct span *grown = reallocarray(watched->spans, capacity, sizeof(grown[0]));

		if (!grown)
			return -ENOMEM;
		watched->spans = grown;
		watched->capacity = capacity;
	}
	watched->spans[watched->nr_spans++] = span;
	return 0;
}

int watched_end(struct watched *watched)
{
	int err = 0;

	for (size_t i = 0; i < watched->nr_seen; i++) {
		struct seen *seen = &watched->seen[i];
		struct span span = { seen->first_ns, watched->last_ns };

		if (seen->exit_ns && seen->exit_ns < span.to_ns)
			span.to_ns = seen->exit_ns;
		if (seen->first_ns == UINT64_MAX)
			continue;
		if (span.to_ns > span.from_ns)
			err = err ? err : add_span(watched, span);
		watched->loop_ns = add_saturated(
			watched->loop_ns, seen->wall_ns		      ? seen->wall_ns
					  : span.to_ns > span.from_ns ? span.to_ns - span.from_ns
								      : 0);
		*seen = (struct seen){ .first_ns = UINT64_MAX };
	}
	return err;
}

/* NULL: there is no memory. */
static struct seen *seen_of(struct watched *watched, size_t loop)
{
	if (loop >= watched->nr_seen) {
		size_t nr = 2 * (loop + 1);
		struct seen *grown = reallocarray(watched->seen, nr, sizeof(grown[0]));

		if (!grown)
			return NULL;
		for (size_t i = watched->nr_seen; i < nr; i++)
			grown[i] = (struct seen){ .first_ns = UINT64_MAX };
		watched->seen = grown;
		watched->nr_seen = nr;
	}
	return &watched->seen[loop];
}

int watched_see(struct watched *watched, size_t loop, pid_t pid, uint64_t from_ns, uint64_t to_ns)
{
	struct seen *seen;

	watched_until(watched, to_ns);
	if (loop == SIZE_MAX)
		return 0;
	seen = seen_of(watched, loop);
	if (!seen)
		return -ENOMEM;
	seen->pid = pid;
	if (from_ns < watched->begin_ns)
		from_ns = watched->begin_ns;
	if (from_ns < seen->first_ns)
		seen->first_ns = from_ns;
	return 0;
}

void watched_exit(struct watched *watched, pid_t pid, uint64_t time_ns)
{
	watched_until(watched, time_ns);
	for (size_t i = 0; i < watched->nr_seen; i++)
		if (watched->seen[i].pid == pid && watched->seen[i].first_ns != UINT64_MAX)
			watched->seen[i].exit_ns = time_ns;
}

void watched_sum(struct watched *watched, size_t loop, uint64_t wall_ns)
{
	if (loop < watched->nr_seen && watched->seen[loop].first_ns != UINT64_MAX)
		watched->seen[loop].wall_ns = wall_ns;
}

uint64_t watched_ns(const struct watched *watched)
{
	return watched->loop_ns;
}

/* -- minutes -- */

static void add_minutes(struct minutes *minutes, struct span span)
{
	while (span.from_ns < span.to_ns) {
		uint64_t minute = span.from_ns / MINUTE_NS, next_ns = (minute + 1) * MINUTE_NS;
		uint64_t to_ns = next_ns < span.to_ns ? next_ns : span.to_ns;

		if (minute - minutes->first >= minutes->nr)
			return;
		minutes->loop_ns[minute - minutes->first] += to_ns - span.from_ns;
		span.from_ns = to_ns;
	}
}

int watched_minutes(const struct watched *watched, struct minutes *minutes)
{
	uint64_t last = 0;

	*minutes = (struct minutes){ .first = UINT64_MAX };
	for (size_t i = 0; i < watched->nr_spans; i++) {
		uint64_t from = watched->spans[i].from_ns / MINUTE_NS;
		uint64_t to = (watched->spans[i].to_ns - 1) / MINUTE_NS;

		if (from < minutes->first)
			minutes->first = from;
		if (to > last)
			last = to;
	}
	if (!watched->nr_spans)
		return 0;
	minutes->nr = last - minutes->first < MINUTES_MAX ? last - minutes->first + 1 : MINUTES_MAX;
	minutes->loop_ns = calloc(minutes->nr, sizeof(minutes->loop_ns[0]));
	if (!minutes->loop_ns)
		return -ENOMEM;
	for (size_t i = 0; i < watched->nr_spans; i++)
		add_minutes(minutes, watched->spans[i]);
	for (size_t i = 0; i < minutes->nr; i++)
		minutes->whole += minutes->loop_ns[i] >= MINUTE_NS / 2;
	return 0;
}

void minutes_free(struct minutes *minutes)
{
	free(minutes->loop_ns);
	*minutes = (struct minutes){ 0 };
}

uint64_t minutes_loop_ns(const struct minutes *minutes, uint64_t minute)
{
	uint64_t at = minute - minutes->first;

	if (at >= minutes->nr || minutes->loop_ns[at] < MINUTE_NS / 2)
		return 0;
	return minutes->loop_ns[at];
}
