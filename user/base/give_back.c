// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * give_back.c - how much of the heap may be free before it is returned. malloc() does that
 * by itself only at the heap's upper end, where something small and old mostly lies.
 */
#include "base/give_back.h"

#include <malloc.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define LOOK_EVERY_NS (10 * NS_PER_SEC)
#define FREE_MAX      (4u << 20)

/* Without what is mapped: files, and maps of BPF. 0: not known. */
static size_t own_bytes(void)
{
	FILE *statm = fopen("/proc/self/statm", "re");
	size_t size, resident, mapped;
	int got;

	if (!statm)
		return 0;
	got = fscanf(statm, "%zu %zu %zu", &size, &resident, &mapped);
	fclose(statm);
	return got == 3 && resident > mapped ? (resident - mapped) * (size_t)getpagesize() : 0;
}

void give_back(struct give_back *state, uint64_t now_ns)
{
	struct mallinfo2 info;
	size_t own;

	if (now_ns < state->next_ns)
		return;
	state->next_ns = now_ns + LOOK_EVERY_NS;
	own = own_bytes();
	if (own <= FREE_MAX)
		return;
	info = mallinfo2();
	/* not by how much is free: of that, what was returned is a part, too */
	if (own > info.uordblks + info.hblkhd + FREE_MAX)
		malloc_trim(0);
}
