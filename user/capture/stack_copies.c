// SPDX-License-Identifier: GPL-2.0-or-later
/* stack_copies.c - which copy of a stack belongs to which record, and how long the next ones should be. */
#include "capture/stack_copies.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Kept at a time: wakers' copies wait for the thread that was woken to get a CPU. */
#define COPIES_MAX 256
#define BYTES_MAX  (8u << 20)

#define BYTES_LEAST  4096u
#define SHRINK_AFTER 32 /* copies */
#define SHRINK_TIMES 4 /* as much as the most that any of them took */
#define HEAD_BYTES   offsetof(struct bp_stack_copy, stack)

struct stack_copies {
	struct bp_stack_copy *v[COPIES_MAX]; /* oldest first */
	size_t nr;
	size_t bytes;
};

int stack_copies_new(struct stack_copies **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

static struct bp_stack_copy *remove_at(struct stack_copies *copies, size_t at)
{
	struct bp_stack_copy *copy = copies->v[at];

	copies->nr--;
	copies->bytes -= copy->bytes;
	memmove(&copies->v[at], &copies->v[at + 1], (copies->nr - at) * sizeof(copies->v[0]));
	return copy;
}

void stack_copies_free(struct stack_copies *copies)
{
	if (!copies)
		return;
	while (copies->nr)
		free(remove_at(copies, copies->nr - 1));
	free(copies);
}

static bool is_of(const struct bp_stack_copy *copy, unsigned int slot, unsigned int tid,
		  uint64_t since_ns, bool other)
{
	return copy->header.slot == slot && copy->since_ns == since_ns &&
	       !(copy->flags & BP_STACK_COPY_OF_WAKER) == !other &&
	       (other || copy->header.tid == tid);
}

void stack_copies_add(struct stack_copies *copies, const struct bp_header *record, size_t bytes)
{
	const struct bp_stack_copy *from = (const struct bp_stack_copy *)record;
	struct bp_stack_copy *copy;

	if (bytes < HEAD_BYTES || !from->bytes || from->bytes > BP_STACK_COPY_BYTES ||
	    from->bytes > bytes - HEAD_BYTES)
		return;
	while (copies->nr && (copies->nr == COPIES_MAX || copies->bytes + from->bytes > BYTES_MAX))
		free(remove_at(copies, 0));
	copy = malloc(HEAD_BYTES + from->bytes);
	if (!copy)
		return;
	memcpy(copy, from, HEAD_BYTES + from->bytes);
	copies->v[copies->nr++] = copy;
	copies->bytes += copy->bytes;
}

struct bp_stack_copy *stack_copies_take(struct stack_copies *copies, unsigned int slot,
					unsigned int tid, uint64_t since_ns, bool other)
{
	struct bp_stack_copy *longest = NULL;

	for (size_t at = copies->nr; at-- > 0;) {
		struct bp_stack_copy *copy;

		if (!is_of(copies->v[at], slot, tid, since_ns, other))
			continue;
		copy = remove_at(copies, at);
		if (longest && longest->bytes >= copy->bytes) {
			free(copy);
		} else {
			free(longest);
			longest = copy;
		}
	}
	return longest;
}

const struct bp_stack_copy *stack_copies_find(const struct stack_copies *copies, unsigned int slot,
					      unsigned int tid, uint64_t since_ns)
{
	for (size_t at = copies->nr; at-- > 0;)
		if (is_of(copies->v[at], slot, tid, since_ns, false))
			return copies->v[at];
	return NULL;
}

bool copy_size_adapt(struct copy_size *size, const struct bp_stack_copy *copy,
		     const struct copy_use *use)
{
	uint32_t bytes = size->bytes ? size->bytes : BP_STACK_COPY_FIRST_BYTES, wanted = bytes;

	if (!use->unwound)
		return false;
	/* a copy that was made before it grew says nothing new, nor one that took all there is */
	if (use->cut && copy->flags & BP_STACK_COPY_CUT && copy->wanted >= bytes)
		wanted *= 2;
	/* one that was made of the whole stack, as the block lasted */
	while (wanted < use->bytes)
		wanted *= 2;
	if (wanted > BP_STACK_COPY_BYTES)
		wanted = BP_STACK_COPY_BYTES;
	if (wanted != bytes) {
		*size = (struct copy_size){ .bytes = wanted, .holes = size->holes };
		return true;
	}
	if (use->cut)
		return false;
	if (use->bytes > size->most)
		size->most = use->bytes;
	if (++size->nr < SHRINK_AFTER)
		return false;
	size->nr = 0;
	if (bytes <= BYTES_LEAST || size->most * SHRINK_TIMES > bytes) {
		size->most = 0;
		return false;
	}
	*size = (struct copy_size){ .bytes = bytes / 2 };
	return true;
}
