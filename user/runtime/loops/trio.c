// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * trio.c - trio.run(): all of the loop is in one function, below which the wait
 * for events is, and the frames of the task that runs. A thread that is found in
 * the middle of one waits on the lowest epoll instance that is its own.
 */
#include "runtime/hub.h"
#include "runtime/native.h"

static bool judge(const struct runtime *runtime, const struct sighting *sighting,
		  struct verdict *verdict)
{
	int own;

	if (!hub_judge(runtime, sighting, PYTHON_HUB_TRIO, verdict))
		return false;
	if (verdict->runtime || sighting->candidate || sighting->forked_ns)
		return true;
	own = native_main_epoll(sighting);
	if (own < 0)
		return true;
	verdict->runtime = runtime->name;
	verdict->wait_class = BP_WAIT_EPOLL;
	verdict->wait_id = (uint64_t)own;
	verdict->in_turn = true;
	return true;
}

const struct runtime runtime_trio = { .name = "trio", .judge = judge };
