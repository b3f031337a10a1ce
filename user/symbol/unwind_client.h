/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unwind_client.h - blockprof's side of unwinding: sends what the symbolizer asks for. */
#ifndef BLOCKPROF_SYMBOL_UNWIND_CLIENT_H
#define BLOCKPROF_SYMBOL_UNWIND_CLIENT_H

#include <stdint.h>

#include "base/memory.h"
#include "bpf/abi.h"
#include "proc/maps.h"
#include "symbol/client.h"
#include "symbol/files.h"
#include "symbol/wire/protocol.h"

struct unwind_target {
	struct client *client;
	struct memory memory;
	struct maps *maps;
	uint64_t reading; /* number of maps, as maps_cache_reading() gives it */
	/* The file of a mapping, NULL: none; opened as *fd where there is no other way to know. */
	struct file *(*file)(void *context, struct mapping *mapping, int *fd);
	/* The same file opened, or -errno. */
	int (*open)(void *context, struct mapping *mapping);
	/* Sends the debug file of what is at an address, if it is to be found. */
	void (*send_debug)(void *context, struct mapping *mapping, uint64_t addr,
			   struct file *file);
	/* The symbolizer ended over this file (0: over which is not known); err: as client_ask(). */
	void (*blame)(void *context, uint32_t file, int err);
	/* Is this address, which is in no file, behind a call? */
	bool (*after_call)(void *context, struct mapping *mapping, uint64_t addr);
	void *context;
};

/* 0, or -errno: it cannot be unwound, or not now (-EAGAIN, -ENOTCONN: as client_ask()). */
int unwind_client_ask(const struct unwind_target *target, const struct bp_stack_copy *copy,
		      struct answer_unwind *out);

#endif
