// SPDX-License-Identifier: GPL-2.0-or-later
/* html_stacks.c - the stacks that a page has seen, by their hashes. */
#include "output/html_stacks.h"

#include <errno.h>
#include <stdlib.h>

#define SLOTS	   65536 /* a power of 2 */
#define STACKS_MAX (SLOTS / 2)
#define BYTES_MAX  (24u << 20)

struct html_stacks {
	struct stack *slots[SLOTS];
	size_t nr;
	size_t bytes;
};

int html_stacks_new(struct html_stacks **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void html_stacks_free(struct html_stacks *stacks)
{
	if (!stacks)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		stack_put(stacks->slots[i]);
	free(stacks);
}

size_t html_stacks_bytes(const struct html_stacks *stacks)
{
	return stacks->bytes;
}

/* Bytes that are left. */
static size_t share(struct html_stacks *stacks, struct stack **stack)
{
	size_t at;

	if (!*stack)
		return 0;
	at = (*stack)->hash % SLOTS;
	while (stacks->slots[at] && !stack_equal(stacks->slots[at], *stack))
		at = (at + 1) % SLOTS;
	if (!stacks->slots[at]) {
		if (stacks->nr == STACKS_MAX || (*stack)->bytes > BYTES_MAX - stacks->bytes)
			return (*stack)->bytes;
		stacks->slots[at] = stack_get(*stack);
		stacks->nr++;
		stacks->bytes += (*stack)->bytes;
		return 0;
	}
	stack_put(*stack);
	*stack = stack_get(stacks->slots[at]);
	return 0;
}

static size_t share_culprits(struct html_stacks *stacks, struct culprits *culprits)
{
	size_t left = 0;

	for (size_t i = 0; i < culprits->nr; i++) {
		left += share(stacks, &culprits->v[i].stack);
		left += share_culprits(stacks, &culprits->v[i].culprits);
	}
	return left;
}

size_t html_stacks_share(struct html_stacks *stacks, struct slice *slice)
{
	size_t left = share(stacks, &slice->stack);

	left += share(stacks, &slice->waker.stack);
	left += share(stacks, &slice->holder.stack);
	return left + share_culprits(stacks, &slice->culprits);
}
