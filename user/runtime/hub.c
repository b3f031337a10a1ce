// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/hub.h"

bool hub_judge(const struct runtime *runtime, const struct sighting *sighting, enum python_hub hub,
	       struct verdict *verdict)
{
	const struct bp_candidate *candidate = sighting->candidate;
	const struct bp_block *block = sighting->block;
	struct bp_python_frame now[BP_PYTHON_FRAMES];
	const struct bp_python_frame *frames = now;
	bool in_wait;
	int nr;

	if (!sighting->python)
		return false;
	/* the frames of the moment when it began to sleep, rather than those of now */
	if (candidate && candidate->stack.python_nr) {
		frames = candidate->stack.python;
		nr = candidate->stack.python_nr;
	} else {
		nr = python_frames(sighting->python, sighting->pthread, now, BP_PYTHON_FRAMES);
	}
	if (nr < 0 || python_frames_hub(sighting->python, frames, (size_t)nr, &in_wait) != hub)
		return false;
	if (candidate && in_wait) {
		verdict->wait_class = candidate->wait_class;
		verdict->wait_id = candidate->wait_id;
	} else if (block && in_wait) {
		verdict->wait_class = block->wait_class;
		verdict->wait_id = block->wait_id;
	}
	if (verdict->wait_class)
		verdict->runtime = runtime->name;
	return true;
}
