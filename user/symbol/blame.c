// SPDX-License-Identifier: GPL-2.0-or-later
/* blame.c - which file, or which part of it, was too much for a child that ended. */
#include <errno.h>

#include "symbol/jit.h"
#include "symbol/private.h"
#include "symbol/wire/debug_file.h"

/* A child killed from outside: chance, or the memory that the file made it take. */
#define STRIKES_MAX 3

void blame_refuse_file(struct symbols *symbols, struct file *file)
{
	file->refused = true;
	symbols->files_refused++;
}

/*
 * The larger part of what is read to name a place is debug information: that goes
 * first, and the file only if it does the same without.
 */
void blame_file(struct symbols *symbols, struct file *file, uint32_t kind, int how)
{
	if (file->refused)
		return;
	if (how != -EPIPE && how != -ETIMEDOUT && how != -EPROTO &&
	    (how != -ECANCELED || ++file->strikes != STRIKES_MAX))
		return;
	if (kind == REQUEST_SYMBOL && !file->lines_refused) {
		file->lines_refused = true;
		file->absent |= DEBUG_FILE_SHARED;
		file->strikes = 0;
	} else {
		blame_refuse_file(symbols, file);
	}
}

void blame_cfi(struct symbols *symbols, struct file *file, int how)
{
	if (file->cfi_refused || (how == -ECANCELED && ++file->cfi_strikes < STRIKES_MAX))
		return;
	file->cfi_refused = true;
	symbols->files_refused++;
}

/* A debug file is bad, not the one that it is said to belong to. */
static void blame_debug_file(struct symbols *symbols, struct file *file, int how)
{
	if (how == -ECANCELED)
		return;
	file->absent = DEBUG_FILE_OWN | DEBUG_FILE_SHARED;
	symbols->files_refused++;
}

static void blame_if_ended(struct symbols *symbols, struct client *client)
{
	struct file *file;
	uint32_t id, kind;
	int how;

	if (!client_ended(client, &kind, &id, &how))
		return;
	if (kind == REQUEST_MAP_READ || kind == REQUEST_MAP_NAME) {
		jit_ended(symbols->jit, id, how);
		return;
	}
	file = files_by_id(symbols->files, id);
	if (file && (kind == REQUEST_CFI || kind == REQUEST_CFI_DEBUG || kind == REQUEST_UNWIND))
		blame_cfi(symbols, file, how);
	else if (file && kind == REQUEST_ATTACH)
		blame_debug_file(symbols, file, how);
	else if (file)
		blame_file(symbols, file, kind, how);
}

void blame_ended(struct symbols *symbols)
{
	for (size_t i = 0; i < ASKERS_CLIENTS; i++)
		blame_if_ended(symbols, askers_each(symbols->askers, i));
	blame_if_ended(symbols, symbols->aside);
}
