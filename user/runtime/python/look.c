// SPDX-License-Identifier: GPL-2.0-or-later
/* look.c - for how long the pages of an interpreter are kept: while one look at it lasts. */
#include "runtime/python/look.h"

#include "base/pages.h"
#include "runtime/python/interpreter.h"

struct python_look python_look_begin(struct python *python)
{
	struct python_look look = { .python = NULL };

	if (!python || python->looks)
		return look;
	look = (struct python_look){ python, python->memory };
	python->looks = true;
	python->memory = pages_memory(python->pages);
	return look;
}

void python_look_end(struct python_look *look)
{
	struct python *python = look->python;

	if (!python)
		return;
	python->looks = false;
	python->memory = look->direct;
	pages_forget(python->pages);
}
