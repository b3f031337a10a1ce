// SPDX-License-Identifier: GPL-2.0-or-later
/* unwinding.c - symbols_unwind(): the child's questions about a target are answered by its maps. */
#include <errno.h>
#include <string.h>

#include "symbol/spot.h"
#include "symbol/unwind_client.h"

/* A target of symbols_unwind(). */
struct unwound {
	struct symbols *symbols;
	struct spot spot; /* of the mapping that is asked about */
};

static const struct spot *unwound_spot(struct unwound *unwound, struct mapping *mapping)
{
	unwound->spot.mapping = mapping;
	unwound->spot.addr = mapping->start;
	return &unwound->spot;
}

static struct file *unwound_file(void *context, struct mapping *mapping, int *fd)
{
	struct unwound *unwound = context;

	return spot_file(unwound->symbols, unwound_spot(unwound, mapping), fd);
}

static int unwound_open(void *context, struct mapping *mapping)
{
	struct unwound *unwound = context;
	struct stat status;

	return spot_open(unwound->symbols, unwound_spot(unwound, mapping), &status);
}

static void unwound_send_debug(void *context, struct mapping *mapping, uint64_t addr,
			       struct file *file)
{
	struct unwound *unwound = context;

	unwound_spot(unwound, mapping);
	unwound->spot.addr = addr;
	if (!file->refused)
		spot_send_debug(unwound->symbols, &unwound->spot, file);
}

static bool unwound_after_call(void *context, struct mapping *mapping, uint64_t addr)
{
	struct unwound *unwound = context;

	return spot_after_call(unwound->symbols, unwound_spot(unwound, mapping), addr);
}

static void unwound_blame(void *context, uint32_t id, int err)
{
	struct unwound *unwound = context;
	struct file *file = id ? files_by_id(unwound->symbols->files, id) : NULL;

	unwound->symbols->lookups_failed++;
	if (file)
		spot_blame_cfi(unwound->symbols, file, err);
}

/* As symbols_unwind(), by the maps as they are known; *reading: their number. */
static int unwind_once(struct symbols *symbols, pid_t pid, uint64_t addr,
		       const struct bp_stack_copy *copy, struct answer_unwind *answer,
		       uint64_t *reading)
{
	struct unwound unwound = { .symbols = symbols, .spot = { .pid = pid } };
	struct unwind_target target = {
		.client = symbols->client,
		.memory = { symbols->memory, pid },
		.file = unwound_file,
		.open = unwound_open,
		.send_debug = unwound_send_debug,
		.blame = unwound_blame,
		.after_call = unwound_after_call,
		.context = &unwound,
	};
	uint64_t before = *reading;
	int err;

	*reading = maps_cache_reading(symbols->spaces, pid, addr, &target.maps);
	if (!*reading || *reading == before)
		return -ENOENT;
	target.reading = *reading;
	unwound.spot.maps = target.maps;
	err = unwind_client_ask(&target, copy, answer);
	spot_note_ended(symbols);
	return err;
}

int symbols_unwind(struct symbols *symbols, pid_t pid, const struct bp_stack_copy *copy,
		   struct native_frame *frames, size_t max, unsigned int *flags)
{
	struct answer_unwind answer, again;
	uint64_t reading = 0;
	int err;

	if (files_full(symbols->files))
		spot_renew_files(symbols);
	err = unwind_once(symbols, pid, copy->regs.reg[BP_REGISTER_IP], copy, &answer, &reading);
	if (err)
		return err;
	/* It may have loaded a library since its maps were read. */
	if (answer.lost_addr &&
	    unwind_once(symbols, pid, answer.lost_addr, copy, &again, &reading) == 0)
		answer = again;
	*flags = answer.flags;
	if (answer.nr > max)
		*flags |= UNWIND_CUT;
	else
		max = answer.nr;
	memcpy(frames, answer.frames, max * sizeof(*frames));
	return (int)max;
}
