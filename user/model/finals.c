// SPDX-License-Identifier: GPL-2.0-or-later
/* finals.c - which stalls go on, and what was reported of each last. */
#include "model/finals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Stalls that go on at the same time: more than there are slots for threads.
 * Beyond (a recording made by someone else) the one that was not reported for
 * longest is counted as if it had ended.
 */
#define MAX_ONGOING 4096
/* Of all their slices. Beyond, the stall that has most keeps fewer places until it ends. */
#define MAX_BYTES (24u << 20)

struct finals {
	finals_emit *emit;
	void *context;
	struct stall_record *ongoing; /* copies, the one reported last at the end */
	size_t nr;
	size_t capacity;
};

int finals_new(struct finals **out, finals_emit *emit, void *context)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->emit = emit;
	(*out)->context = context;
	return 0;
}

void finals_free(struct finals *finals)
{
	if (!finals)
		return;
	for (size_t i = 0; i < finals->nr; i++)
		stall_clear(&finals->ongoing[i]);
	free(finals->ongoing);
	free(finals);
}

/* A thread runs one turn at a time. */
static size_t find_thread(const struct finals *finals, const struct thread_id *id)
{
	size_t i = 0;

	while (i < finals->nr &&
	       (finals->ongoing[i].id.tid != id->tid || finals->ongoing[i].id.pid != id->pid))
		i++;
	return i;
}

static bool same_turn(const struct stall_record *a, const struct stall_record *b)
{
	return strcmp(a->turn, b->turn) == 0;
}

static void forget(struct finals *finals, size_t at)
{
	stall_clear(&finals->ongoing[at]);
	finals->nr--;
	memmove(&finals->ongoing[at], &finals->ongoing[at + 1],
		(finals->nr - at) * sizeof(finals->ongoing[0]));
}

static int emit_and_forget(struct finals *finals, size_t at)
{
	int err = finals->emit(finals->context, &finals->ongoing[at]);

	forget(finals, at);
	return err;
}

static struct slices *most_of(struct finals *finals, size_t *bytes)
{
	struct slices *most = NULL;

	*bytes = 0;
	for (size_t i = 0; i < finals->nr; i++) {
		struct slices *slices = &finals->ongoing[i].slices;

		*bytes += slices->bytes;
		if (!most || slices->bytes > most->bytes)
			most = slices;
	}
	return most;
}

static void bound_bytes(struct finals *finals)
{
	size_t bytes, had;
	struct slices *most;

	while ((most = most_of(finals, &bytes)) && bytes > MAX_BYTES) {
		had = most->bytes;
		slices_shrink(most, had / 2);
		if (most->bytes >= had)
			return;
	}
}

static int keep(struct finals *finals, const struct stall_record *stall)
{
	struct stall_record copy;

	if (finals->nr == finals->capacity) {
		size_t capacity = finals->capacity ? 2 * finals->capacity : 8;
		struct stall_record *grown =
			realloc(finals->ongoing, capacity * sizeof(finals->ongoing[0]));

		if (!grown)
			return -ENOMEM;
		finals->ongoing = grown;
		finals->capacity = capacity;
	}
	if (stall_copy(&copy, stall))
		return -ENOMEM;
	finals->ongoing[finals->nr++] = copy;
	bound_bytes(finals);
	return 0;
}

int finals_stall(struct finals *finals, const struct stall_record *stall)
{
	size_t at = find_thread(finals, &stall->id);
	int err = 0;

	if (at < finals->nr) {
		struct stall_record *ongoing = &finals->ongoing[at];

		/* The end of an earlier turn was lost: the last report of it stands. */
		if (same_turn(ongoing, stall))
			forget(finals, at);
		else if (stall->mono_ns >= ongoing->mono_ns)
			err = emit_and_forget(finals, at);
		else if (stall->ongoing)
			return 0; /* its end comes too: reports of a busy machine overtake each other */
	}
	if (err)
		return err;
	if (!stall->ongoing)
		return finals->emit(finals->context, stall);
	if (finals->nr == MAX_ONGOING)
		err = emit_and_forget(finals, 0);
	return err ? err : keep(finals, stall);
}

bool finals_withdraw(struct finals *finals, const struct withdrawn_record *withdrawn)
{
	size_t at = find_thread(finals, &withdrawn->id);

	if (at == finals->nr || strcmp(finals->ongoing[at].turn, withdrawn->turn) != 0)
		return false;
	forget(finals, at);
	return true;
}

int finals_end(struct finals *finals)
{
	int err = 0;

	while (finals->nr) {
		int failed = emit_and_forget(finals, 0);

		err = err ? err : failed;
	}
	return err;
}
