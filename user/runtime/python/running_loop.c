// SPDX-License-Identifier: GPL-2.0-or-later
/* running_loop.c - where each version of Modules/_asynciomodule.c keeps the loop that a thread runs. */
#include "runtime/python/running_loop.h"

#include <errno.h>
#include <string.h>

#include "proc/process.h"
#include "runtime/python/dict.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/object.h"

#define KEY "__asyncio_running_event_loop__"

/* struct PyRunningLoopHolder, up to 3.11. */
#define HOLDER_LOOP 16
#define HOLDER_PID  24

#define TYPE_BYTES 64

static bool has_type(const struct python *python, uint64_t object, const char *wanted)
{
	char name[TYPE_BYTES];
	uint64_t type;

	return !py_type_of(python, object, &type) &&
	       !py_type_name(python, type, name, sizeof(name)) && !strcmp(name, wanted);
}

/* A child has its parent's, and the parent's number with it. */
static int read_holder(const struct python *python, uint64_t holder, uint64_t *loop)
{
	pid_t own = process_own_number(python->memory.pid);
	uint32_t pid = 0;
	struct memory_piece pieces[] = {
		{ holder + HOLDER_LOOP, loop, sizeof(*loop), 0 },
		{ holder + HOLDER_PID, &pid, sizeof(pid), 0 },
	};
	int err;

	if (!has_type(python, holder, "_RunningLoopHolder"))
		return -EINVAL;
	err = memory_read_all(&python->memory, pieces, 2);
	if (!err && own && pid != (uint32_t)own)
		*loop = 0;
	return err;
}

/* The dict of a thread's state, which is made when it is first needed. */
static int read_dict(struct python *python, uint64_t tstate, uint64_t *loop)
{
	uint64_t dict, value;
	int err = memory_read_ptr(&python->memory, tstate + python->layout.tstate_dict, &dict);

	*loop = 0;
	if (err || !dict)
		return err;
	err = py_dict_get(python, dict, KEY, &value);
	if (err)
		return err == -ENOENT ? 0 : err;
	if (python->layout.minor >= 12)
		*loop = value;
	else
		err = read_holder(python, value, loop);
	if (!err && *loop && has_type(python, *loop, "NoneType"))
		*loop = 0;
	return err;
}

int py_running_loop(struct python *python, uint64_t tstate, uint64_t *loop)
{
	int err = 0;

	if (python->layout.tstate_dict)
		return read_dict(python, tstate, loop);
	if (python->layout.tstate_loop)
		return memory_read_ptr(&python->memory, tstate + python->layout.tstate_loop, loop);
	*loop = 0;
	if (!python->asyncio.tstate_loop)
		err = py_asyncio_learn(python);
	/* who has not imported it runs none */
	if (err)
		return err == -ENOENT ? 0 : err;
	return memory_read_ptr(&python->memory, tstate + python->asyncio.tstate_loop, loop);
}
