/* SPDX-License-Identifier: GPL-2.0-or-later */
/* leaks.h - numbers of a process that should not grow for good. */
#ifndef BLOCKPROF_STALL_NOTES_LEAKS_H
#define BLOCKPROF_STALL_NOTES_LEAKS_H

#include <stdint.h>

struct engine;
struct watched;

/* Samples them, and says when to do so again: watched->notes->next_leaks_ns. */
void leaks_look(struct engine *engine, const struct watched *watched, uint64_t now_ns);

#endif
