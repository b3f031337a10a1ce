// SPDX-License-Identifier: GPL-2.0-or-later
/* epoll.c - how loops hold their epoll instances: as objects in attributes, or as uvloop does. */
#include "runtime/python/epoll.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "proc/process.h"
#include "runtime/python/dict.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/object.h"

/* Selectors that wrap selectors that wrap ... an epoll object. */
#define SELECTORS_MAX 4

/* struct __pyx_obj_6uvloop_4loop_Loop, and uv_loop_t of libuv 1.x. */
#define UVLOOP_UV     24
#define UV_BACKEND_FD 64

static int epoll_fd(struct python *python, uint64_t object)
{
	uint32_t fd;

	if (!py_is_instance(python, object, "select.epoll") ||
	    memory_read_u32(&python->memory, object + PY_EPOLL_FD, &fd) || fd > INT32_MAX)
		return -1;
	return (int)fd;
}

int py_epoll(struct python *python, uint64_t object, const char *const *names, size_t nr)
{
	int fd = -1;

	for (size_t i = 0; i < nr && fd < 0; i++) {
		if (py_attribute(python, object, names[i], &object))
			return -1;
		fd = epoll_fd(python, object);
	}
	return fd;
}

/* loop._selector._selector is the select.epoll object; wrappers put more of them between. */
int py_selector_epoll(struct python *python, uint64_t loop)
{
	static const char *const names[SELECTORS_MAX] = {
		"_selector",
		"_selector",
		"_selector",
		"_selector",
	};

	return py_epoll(python, loop, names, SELECTORS_MAX);
}

bool py_is_uvloop(struct python *python, uint64_t loop)
{
	return py_is_instance(python, loop, "uvloop.loop.Loop");
}

int py_uvloop_uv(struct python *python, uint64_t loop, uint64_t *uv)
{
	int err = memory_read_ptr(&python->memory, loop + UVLOOP_UV, uv);

	return !err && (!*uv || *uv % 8) ? -EINVAL : err;
}

/* What stands there is believed if the descriptor is an epoll instance. */
int py_uvloop_epoll(struct python *python, uint64_t loop)
{
	char *path __freeing = NULL;
	uint64_t uv;
	uint32_t fd;

	if (py_uvloop_uv(python, loop, &uv) ||
	    memory_read_u32(&python->memory, uv + UV_BACKEND_FD, &fd) || fd > INT32_MAX)
		return -1;
	path = process_fd_path(python->memory.pid, (int)fd);
	return path && !strcmp(path, "anon_inode:[eventpoll]") ? (int)fd : -1;
}
