// SPDX-License-Identifier: GPL-2.0-or-later
/* pika.c - pika's own IOLoop, on which SelectConnection runs. */
#include "runtime/advice.h"
#include "runtime/interpreted.h"
#include "runtime/loops/loops.h"

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	return interpreted_recognise(runtime, moment, PYTHON_HUB_PIKA, recognised);
}

static enum other_wait other_wait(const struct moment *moment)
{
	return interpreted_hub_wait(moment, PYTHON_HUB_PIKA);
}

static const struct off_loop off_loop = {
	.thread = "a thread for %s, and add_callback_threadsafe() for its answer",
	.process = "a process (multiprocessing)",
	.sleep = "connection.call_later()",
};

static const struct advice rows[] = {
	{ "{thread}, as long as a message takes", .causes = ON_WAIT },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, advice_python, NULL };

const struct runtime runtime_pika = {
	.name = "pika",
	.recognise = recognise,
	.other_wait = other_wait,
	.frames_show_end = true,
	.advice = advice,
	.off_loop = &off_loop,
};
