/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * askers.h - which of two children is asked. Mostly there is one; users whose files take it long have
 * another for a while, if others are asked about too.
 */
#ifndef BLOCKPROF_SYMBOL_ASKERS_H
#define BLOCKPROF_SYMBOL_ASKERS_H

#include <stddef.h>
#include <sys/types.h>

#include "symbol/client.h"

struct askers;

/* As client_new(). */
int askers_new(struct askers **out, zygote_child_fn *child, const struct memory_source *memory);
void askers_free(struct askers *askers);

/* Who is asked about this process, until this is called for another. */
struct client *askers_client(struct askers *askers, pid_t pid);

/* Both, one by one. */
#define ASKERS_CLIENTS 2
struct client *askers_each(const struct askers *askers, size_t i);

void askers_precedence(struct askers *askers, struct precedence *precedence);

#endif
