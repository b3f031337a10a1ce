// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JavaScript frames from memory that makes no sense: recorded stacks of Node.js
 * with some words changed. A byte says of which recording; then for each change
 * three bytes say where, and one whether a word follows or the address of
 * another place of it does.
 */
#include "runtime/v8/v8.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/v8/snapshot.h"

#define CHANGES_MAX 64
#define FRAMES_MAX  16
/* For one stack: more would be felt. */
#define READS_MAX 400000

static struct snapshot *recording(unsigned int number)
{
	static const char *const paths[] = {
		"tests/unit/v8/node18.gz", "tests/unit/v8/node20.gz", "tests/unit/v8/node22.gz",
		"tests/unit/v8/node24.gz", "tests/unit/v8/node26.gz",
	};
	static struct snapshot *known[sizeof(paths) / sizeof(paths[0])];
	size_t i = number % (sizeof(paths) / sizeof(paths[0]));

	if (!known[i]) {
		known[i] = snapshot_open(paths[i]);
		if (!known[i] || v8_layout_complete(&known[i]->heap.layout) ||
		    !snapshot_next(known[i]))
			abort();
	}
	return known[i];
}

static unsigned char *place(struct snapshot *snapshot, const uint8_t **data, size_t *size,
			    uint64_t *addr)
{
	size_t page = fuzz_number(data, size, 1) % snapshot->nr_pages;
	size_t at = fuzz_number(data, size, 2) % (SNAPSHOT_PAGE / 8) * 8;

	*addr = snapshot->pages[page]->addr * SNAPSHOT_PAGE + at;
	return snapshot->pages[page]->bytes + at;
}

static void name_all(struct snapshot *snapshot)
{
	struct v8 *v8 = snapshot_v8(snapshot);
	struct v8_frame got[FRAMES_MAX];

	if (!v8)
		abort();
	snapshot->reads = 0;
	for (size_t i = 0; i < snapshot->nr_frames; i++) {
		int nr = v8_frames(v8, &snapshot->frames[i].native, got, FRAMES_MAX);

		fuzz_check(nr <= FRAMES_MAX);
		for (int f = 0; f < nr; f++)
			fuzz_check(strlen(got[f].fn) < sizeof(got[f].fn) &&
				   strlen(got[f].file) < sizeof(got[f].file));
	}
	fuzz_check(snapshot->reads < READS_MAX);
	v8_close(v8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snapshot *snapshot = recording((unsigned int)fuzz_number(&data, &size, 1));
	struct {
		unsigned char *at;
		uint64_t before;
	} changes[CHANGES_MAX];
	size_t nr = 0;

	for (; nr < CHANGES_MAX && size; nr++) {
		uint64_t addr, value;

		changes[nr].at = place(snapshot, &data, &size, &addr);
		memcpy(&changes[nr].before, changes[nr].at, sizeof(changes[nr].before));
		if (fuzz_number(&data, &size, 1) % 2) {
			place(snapshot, &data, &size, &value);
			value++;
		} else {
			value = fuzz_number(&data, &size, 8);
		}
		memcpy(changes[nr].at, &value, sizeof(value));
	}
	name_all(snapshot);
	while (nr--)
		memcpy(changes[nr].at, &changes[nr].before, sizeof(changes[nr].before));
	return 0;
}
