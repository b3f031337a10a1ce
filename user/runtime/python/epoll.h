/* SPDX-License-Identifier: GPL-2.0-or-later */
/* epoll.h - the epoll instance of a loop object, by what the object is made of. -1: none, or not known. */
#ifndef BLOCKPROF_RUNTIME_PYTHON_EPOLL_H
#define BLOCKPROF_RUNTIME_PYTHON_EPOLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct python;

/* Of a select.epoll object, or the first that is found by attributes of these names, one after the other. */
int py_epoll(struct python *python, uint64_t object, const char *const *names, size_t nr);

/* Of an asyncio loop on a selector. */
int py_selector_epoll(struct python *python, uint64_t loop);

/* Address of the uv_loop_t of an uvloop loop. 0 or -errno. */
int py_uvloop_uv(struct python *python, uint64_t loop, uint64_t *uv);
bool py_is_uvloop(struct python *python, uint64_t loop);
int py_uvloop_epoll(struct python *python, uint64_t loop);

#endif
