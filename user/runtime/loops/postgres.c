// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * postgres.c - a PostgreSQL process waits for its client in WaitEventSetWait() on a
 * set that lasts (pq_init: FeBeWaitSet, with the client's socket in it). For locks,
 * pg_sleep() and all else it waits on another (LatchWaitSet), which is no idleness.
 * Background processes have no client: the latter is where they idle.
 */
#include "proc/epoll.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"
#include "runtime/program.h"

#define EPOLLS_MAX 16

static const char *const programs[] = { "postgres", "postmaster", NULL };

static int own_epoll(const struct moment *moment)
{
	struct epoll epolls[EPOLLS_MAX];
	int nr;

	if (moment->tid != moment->pid)
		return -1;
	nr = epoll_list(&moment->memory, epolls, EPOLLS_MAX);
	for (int i = 0; i < nr; i++)
		if (epolls[i].sockets)
			return epolls[i].fd;
	return nr > 0 ? epolls[0].fd : -1;
}

static int version(struct program *program, char *version, size_t size)
{
	return program_word(program, "PostgreSQL ", version, size);
}

const struct runtime runtime_postgres = {
	.name = "postgres",
	.recognise = native_recognise,
	.programs = programs,
	.function = "WaitEventSetWait",
	.own_epoll = own_epoll,
	.version = version,
};
