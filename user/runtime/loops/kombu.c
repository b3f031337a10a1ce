// SPDX-License-Identifier: GPL-2.0-or-later
/* kombu.c - kombu's Hub, which celery's workers run on: a generator that is resumed for each wait. */
#include "runtime/advice.h"
#include "runtime/interpreted.h"
#include "runtime/loops/loops.h"

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	return interpreted_recognise(runtime, moment, PYTHON_HUB_KOMBU, recognised);
}

static enum other_wait other_wait(const struct moment *moment)
{
	return interpreted_hub_wait(moment, PYTHON_HUB_KOMBU);
}

static const struct off_loop off_loop = {
	.thread = "a thread for %s",
	.process = "a process (multiprocessing)",
	.sleep = "hub.call_later()",
};

static const struct advice rows[] = {
	{ "more workers: a task that waits keeps this one's heartbeats waiting, too",
	  .causes = ON_WAIT },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, advice_python, NULL };

const struct runtime runtime_kombu = {
	.name = "kombu",
	.recognise = recognise,
	.other_wait = other_wait,
	.frames_show_end = true,
	.advice = advice,
	.off_loop = &off_loop,
};
