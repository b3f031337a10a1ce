/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake_namer.h - a namer of one test's symbols and V8, in place of
 * user/capture/namer.c: include it in one file of a test program.
 */
#ifndef BLOCKPROF_TESTS_UNIT_FAKE_NAMER_H
#define BLOCKPROF_TESTS_UNIT_FAKE_NAMER_H

#include "capture/namer.h"
#include "memory_sources.h"

struct namer {
	struct symbols *symbols;
	struct v8 *v8; /* of every process */
	bool ended; /* every process */
	uint64_t unread[FRAME_KIND_NR];
};

struct symbols *namer_symbols(const struct namer *namer)
{
	return namer->symbols;
}

struct memory namer_memory(const struct namer *namer, pid_t pid)
{
	(void)namer;
	return (struct memory){ process_memory(), pid };
}

void namer_count_unread(struct namer *namer, enum frame_kind kind)
{
	namer->unread[kind]++;
}

struct v8 *namer_v8(struct namer *namer, pid_t pid, bool *unread)
{
	(void)pid;
	*unread = namer->ended;
	return namer->v8;
}

#endif
