/* SPDX-License-Identifier: GPL-2.0-or-later */
/* awaits.h - what a task awaits in the end, as far as it shows. */
#ifndef BLOCKPROF_RUNTIME_PYTHON_AWAITS_H
#define BLOCKPROF_RUNTIME_PYTHON_AWAITS_H

#include "runtime/python/chain.h"
#include "runtime/python/tasks.h"

/* innermost: its innermost coroutine, named. NULL: it has none. */
void py_awaits(struct python *python, const struct py_chain *chain,
	       const struct python_name *innermost, struct python_awaits *out);

#endif
