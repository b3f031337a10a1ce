// SPDX-License-Identifier: GPL-2.0-or-later
/* lanes.c - when the last stall in each lane of each loop ends. */
#include "output/lanes.h"

#include <errno.h>
#include <stdlib.h>

#include "output/keys.h"

#define LANES_MAX 65536 /* of all loops */

struct lane_key {
	uint64_t host;
	uint64_t loop;
	int32_t pid;
	int32_t tid;
	uint64_t lane;
};

struct lanes {
	struct keys *keys; /* struct lane_key */
	uint64_t *ends;
	size_t room; /* without a bound: keys have one */
};

int lanes_new(struct lanes **out)
{
	struct lanes *lanes = calloc(1, sizeof(*lanes));

	if (!lanes)
		return -ENOMEM;
	lanes->room = SIZE_MAX;
	if (keys_new(&lanes->keys, LANES_MAX, &lanes->room)) {
		free(lanes);
		return -ENOMEM;
	}
	*out = lanes;
	return 0;
}

void lanes_free(struct lanes *lanes)
{
	if (!lanes)
		return;
	keys_free(lanes->keys);
	free(lanes->ends);
	free(lanes);
}

/* Its number among all; a new one has no end yet. */
static int number_of(struct lanes *lanes, const struct lane_key *key, uint32_t *number)
{
	size_t had = keys_size(lanes->keys);
	uint64_t *grown;
	int err = keys_add(lanes->keys, key, sizeof(*key), number);

	if (err || *number < had)
		return err;
	/* doubled as each power of two is reached */
	if (!(had & (had - 1))) {
		grown = reallocarray(lanes->ends, had ? 2 * had : 1, sizeof(grown[0]));
		if (!grown)
			return -ENOMEM;
		lanes->ends = grown;
	}
	lanes->ends[*number] = 0;
	return 0;
}

int lanes_take(struct lanes *lanes, uint64_t host, const struct thread_id *id,
	       const struct lane_time *time, unsigned int *lane)
{
	struct lane_key key = {
		.host = host, .loop = id->loop, .pid = id->pid, .tid = id->loop ? 0 : id->tid
	};

	for (*lane = 0; *lane < LANES_OF_LOOP; ++*lane) {
		uint32_t number;
		int err;

		key.lane = *lane;
		err = number_of(lanes, &key, &number);
		if (err)
			return err;
		if (lanes->ends[number] > time->begin_ns)
			continue;
		lanes->ends[number] = time->end_ns;
		return 0;
	}
	return -ENOSPC;
}
