/* SPDX-License-Identifier: GPL-2.0-or-later */
/* script.h - files of source: their names, and which line a place in them is. */
#ifndef BLOCKPROF_RUNTIME_V8_SCRIPT_H
#define BLOCKPROF_RUNTIME_V8_SCRIPT_H

#include <stdint.h>

#include "runtime/v8/heap.h"

struct v8_scripts; /* where lines end in the scripts that were asked for last: bounded */

int v8_scripts_new(struct v8_scripts **out);
void v8_scripts_free(struct v8_scripts *scripts);

#define V8_NO_FILE "<eval>" /* of source that no file has */

/*
 * The script's name into name: a path (file:// is taken off), "node:..." for
 * what comes with Node.js, or V8_NO_FILE. 0 or -errno.
 */
int v8_script_name(const struct v8_heap *heap, uint64_t script, char *name, size_t size);
/* The line, from 1, of a character of the source; 0: not known. */
unsigned int v8_script_line(struct v8_scripts *scripts, const struct v8_heap *heap, uint64_t script,
			    int32_t offset);

#endif
