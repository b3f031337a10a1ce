// SPDX-License-Identifier: GPL-2.0-or-later
/* dump.c - in which order a process is read for a dump. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/passing.h"
#include "capture/namer.h"
#include "dump/private.h"
#include "probe/probe.h"
#include "proc/peer/peer.h"
#include "proc/process.h"
#include "runtime/program.h"
#include "runtime/python/python.h"

/* For an interpreter, where the symbolizer is started again, or no descriptor is left. */
#define TRIES	     4
#define TRY_EVERY_MS 5

int dump_new(struct dump **out, struct observer *observer, struct symbols *symbols,
	     struct memory_source *memory)
{
	struct dump *dump = calloc(1, sizeof(*dump));
	int err;

	if (!dump)
		return -ENOMEM;
	dump->observer = observer;
	dump->symbols = symbols;
	dump->memory = memory;
	dump->classify.symbols = symbols;
	err = namer_new(&dump->namer, symbols, memory);
	if (!err)
		err = peers_new(&dump->classify.peers);
	if (err) {
		dump_close(dump);
		return err;
	}
	peers_take_time(dump->classify.peers);
	*out = dump;
	return 0;
}

void dump_close(struct dump *dump)
{
	if (!dump)
		return;
	peers_free(dump->classify.peers);
	namer_free(dump->namer);
	free(dump);
}

/* Each time anew: the process may execute another program, or start an interpreter. */
static void find_python(struct subject *subject, struct symbols *symbols)
{
	int err = -EBUSY;

	for (int tries = 0; tries < TRIES && (err == -EBUSY || error_is_passing(err)); tries++) {
		if (tries)
			poll(NULL, 0, TRY_EVERY_MS);
		python_close(subject->python);
		err = python_open(&subject->python, &subject->memory, symbols);
	}
	subject->python_error = err;
	subject->unreadable = err == -ENOTSUP || err == -EBUSY;
	if (err && !subject->unreadable)
		subject->python = NULL;
}

static void identify(const struct subject *subject, struct dump_record *out)
{
	out->pid = subject->memory.pid;
	process_comm(subject->memory.pid, out->comm);
	out->exe = process_exe(subject->memory.pid);
	if (subject->python &&
	    asprintf(&out->interpreter, "%s %s", python_implementation(subject->python),
		     python_version(subject->python)) < 0)
		out->interpreter = NULL;
}

int dump_take(struct dump *dump, pid_t pid, struct dump_record *out)
{
	struct subject subject = { .memory = { dump->memory, pid }, .late = dump->memory->late };
	struct program_functions functions;
	__freeing uint64_t *pthreads = NULL;
	int err;

	*out = (struct dump_record){ .mono_ns = probe_now_ns() };
	namer_forget(dump->namer, pid);
	find_python(&subject, dump->symbols);
	runtime_functions(&functions);
	if (program_new(&subject.program, &subject.memory, dump->symbols, &functions))
		subject.program = NULL;
	identify(&subject, out);
	err = dump_threads(dump, &subject, out, &pthreads);
	if (!err)
		dump_tasks(&subject, pthreads, out);
	dump_blind(dump, &subject, out);
	program_free(subject.program);
	python_close(subject.python);
	if (err)
		dump_free(out);
	else
		dump_sort(out);
	return err;
}
