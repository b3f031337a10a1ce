// SPDX-License-Identifier: GPL-2.0-or-later
/* hub.c - loops written in Python that are not asyncio's, by the frames of a thread. */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "runtime/python/code.h"
#include "runtime/python/epoll.h"
#include "runtime/python/frames.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/look.h"

#define NAMES_MAX 3

/* By which attributes of self, in the function that is the loop, its epoll object is found. */
static const char *const epolls[][NAMES_MAX] = {
	[PYTHON_HUB_TWISTED] = { "_poller" },
	[PYTHON_HUB_EVENTLET] = { "poll" },
	[PYTHON_HUB_KOMBU] = { "_poller", "_epoll" },
	[PYTHON_HUB_PIKA] = { "_poll" },
	[PYTHON_HUB_ASYNCORE] = { NULL },
};

/* What frames have shown so far, from the innermost outwards. */
struct shown {
	bool only_waits; /* nothing but the wait of a loop, and calls of select() by it */
	enum python_hub waits; /* which loop's */
};

/* Whether this frame is a loop's; then hub and in_wait say which and where the thread is in it. */
static bool show_frame(struct shown *shown, const struct py_code *code, bool innermost,
		       enum python_hub *hub, bool *in_wait)
{
	switch (code ? code->kind : PY_CODE_OTHER) {
	case PY_CODE_HUB_RUN:
		*hub = code->hub;
		/* the loop under gevent's is compiled code, which calls greenlets by other stacks */
		*in_wait = innermost ? code->hub == PYTHON_HUB_GEVENT
				     : shown->only_waits && shown->waits == code->hub;
		return true;
	case PY_CODE_HUB_WAIT:
		shown->only_waits &= !shown->waits || shown->waits == code->hub;
		shown->waits = code->hub;
		break;
	case PY_CODE_SELECT:
		shown->only_waits &= !shown->waits;
		break;
	default:
		shown->only_waits = false;
	}
	return false;
}

enum python_hub python_frames_hub(struct python *python, const struct bp_python_frame *frames,
				  size_t nr, bool *in_wait)
{
	enum python_hub hub = PYTHON_HUB_NONE;
	struct shown shown = { .only_waits = true };
	struct py_codes codes;

	*in_wait = false;
	py_codes_start(&codes, python, &frames->code, sizeof(*frames), nr);
	for (size_t i = 0; i < nr; i++) {
		const struct py_code *code;

		if (py_codes_next(&codes, &code))
			code = NULL;
		if (show_frame(&shown, code, i == 0, &hub, in_wait))
			break;
	}
	return hub;
}

static size_t nr_names(const char *const names[NAMES_MAX])
{
	size_t nr = 0;

	while (nr < NAMES_MAX && names[nr])
		nr++;
	return nr;
}

int python_hub_epoll(struct python *python, uint64_t fsbase)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	struct py_frame *frames __freeing = calloc(PY_FRAMES_MAX, sizeof(*frames));
	const struct py_code *code;
	struct py_codes codes;
	uint64_t self;
	int nr = frames ? py_frames(python, fsbase, frames, PY_FRAMES_MAX) : -ENOMEM;

	if (nr < 0)
		return -1;
	py_codes_start(&codes, python, &frames->code, sizeof(*frames), (size_t)nr);
	for (int i = 0; i < nr; i++) {
		enum python_hub hub;

		if (py_codes_next(&codes, &code) || code->kind != PY_CODE_HUB_RUN)
			continue;
		hub = code->hub;
		if ((size_t)hub >= sizeof(epolls) / sizeof(epolls[0]) ||
		    py_frame_local(python, &frames[i], "self", &self))
			return -1;
		return py_epoll(python, self, epolls[hub], nr_names(epolls[hub]));
	}
	return -1;
}
