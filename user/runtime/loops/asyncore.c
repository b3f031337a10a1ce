// SPDX-License-Identifier: GPL-2.0-or-later
/* asyncore.c - asyncore.loop(), of Python up to 3.11. */
#include "runtime/interpreted.h"
#include "runtime/loops/loops.h"

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	return interpreted_recognise(runtime, moment, PYTHON_HUB_ASYNCORE, recognised);
}

static enum other_wait other_wait(const struct moment *moment)
{
	return interpreted_hub_wait(moment, PYTHON_HUB_ASYNCORE);
}

const struct runtime runtime_asyncore = {
	.name = "asyncore",
	.recognise = recognise,
	.other_wait = other_wait,
	.frames_show_end = true,
};
