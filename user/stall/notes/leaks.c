// SPDX-License-Identifier: GPL-2.0-or-later
/* leaks.c - which numbers of a process should not grow for good: its threads, its asyncio tasks. */
#include "stall/notes/leaks.h"

#include "model/leak.h"
#include "proc/process.h"
#include "runtime/python/pools.h"
#include "runtime/python/python.h"
#include "stall/notes/private.h"
#include "stall/state/watched.h"

static void sample(struct engine *engine, const struct watched *watched, struct leak *leak,
		   enum note_kind kind, uint64_t value, uint64_t now_ns)
{
	struct note_record note = { .kind = kind, .from = leak->from, .to = value };

	if (!leak_add(leak, value, now_ns))
		return;
	note.from = leak->from;
	note.mono_ns = leak->from_ns;
	note.duration_ns = now_ns - leak->from_ns;
	note_send(engine, watched, &note);
}

void leaks_look(struct engine *engine, const struct watched *watched, uint64_t now_ns)
{
	struct notes *notes = watched->notes;
	int64_t threads = process_threads(watched->pid);
	uint64_t tasks;

	notes->next_leaks_ns = now_ns + LEAK_STEP_NS;
	if (threads >= 0)
		sample(engine, watched, &notes->threads, NOTE_THREADS_GROW, threads, now_ns);
	if (watched_python(watched) && !python_tasks_count(watched_python(watched), &tasks))
		sample(engine, watched, &notes->tasks, NOTE_TASKS_GROW, tasks, now_ns);
}
