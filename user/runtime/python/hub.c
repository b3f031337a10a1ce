// SPDX-License-Identifier: GPL-2.0-or-later
/* hub.c - the loops of gevent and trio, by the frames of a thread. */
#include "runtime/python/code.h"
#include "runtime/python/python.h"

enum python_hub python_frames_hub(struct python *python, const struct bp_python_frame *frames,
				  size_t nr, bool *in_wait)
{
	struct py_codes codes;
	bool waits = false;

	*in_wait = false;
	py_codes_start(&codes, python, &frames->code, sizeof(*frames), nr);
	for (size_t i = 0; i < nr; i++) {
		const struct py_code *code;

		if (py_codes_next(&codes, &code))
			continue;
		switch (code->kind) {
		case PY_CODE_GEVENT_HUB:
			/* the loop under it is compiled code, which calls greenlets by other stacks */
			*in_wait = i == 0;
			return PYTHON_HUB_GEVENT;
		case PY_CODE_TRIO_EVENTS:
			waits = i == 0;
			break;
		case PY_CODE_TRIO_RUN:
			*in_wait = waits && i == 1;
			return PYTHON_HUB_TRIO;
		default:
			break;
		}
	}
	return PYTHON_HUB_NONE;
}
