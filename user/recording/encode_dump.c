// SPDX-License-Identifier: GPL-2.0-or-later
/* encode_dump.c - a dump as JSON Lines: the process, then its threads, then its tasks. */
#include "recording/encode.h"
#include "recording/encode_slice.h"

/* As in a summary: how many processes, which is one. */
static size_t blind_counts(const struct dump_record *dump, struct name_count counts[BLIND_NR])
{
	size_t nr = 0;

	for (int blind = 0; blind < BLIND_NR; blind++)
		if (dump->blind[blind])
			counts[nr++] = (struct name_count){ blind_name((enum blind)blind), 1 };
	return nr;
}

static int write_process(const struct line_writer *to, const struct dump_record *dump)
{
	struct object record = record_new("dump", dump->mono_ns, dump->time_ns);
	struct object lost = counts_object(dump->lost, dump->nr_lost);
	struct name_count counts[BLIND_NR];
	struct object blind = counts_object(counts, blind_counts(dump, counts));

	put_pid(&record, "pid", dump->pid);
	put_string(&record, "comm", dump->comm);
	put_string(&record, "exe", dump->exe);
	put_string(&record, "interpreter", dump->interpreter);
	put_number(&record, "threads", dump->nr_threads);
	if (dump->interpreter && !dump->unread)
		put_number(&record, "tasks", dump->nr_tasks);
	put_string(&record, "tasks_unread", dump->unread);
	put_object(&record, "lost", &lost);
	put_object(&record, "blind", &blind);
	return write_line(to, &record);
}

static int write_thread(const struct line_writer *to, const struct dump_record *dump,
			const struct dump_thread *thread)
{
	struct object record = record_new("thread", dump->mono_ns, dump->time_ns);
	const struct slice *slice = &thread->slice;

	put_thread(&record, &thread->id);
	put_string(&record, "runtime", thread->id.runtime);
	put_string(&record, "way", way_name(thread->way));
	put_string(&record, "doubt", doubt_name(thread->doubt));
	put_string(&record, "against", thread->against);
	put_string(&record, "state", thread_state_name(thread->state));
	if (thread->since_known)
		put_number(&record, "ns", slice->ns);
	put_string(&record, "cause", cause_name(slice->cause));
	put_string(&record, "syscall", slice->syscall);
	put_target(&record, &slice->target);
	put_party(&record, "holder", &slice->holder);
	put_task(&record, slice);
	put_stack(&record, slice->stack);
	if (thread->moved)
		put_bool(&record, "moved", true);
	return write_line(to, &record);
}

static int write_task(const struct line_writer *to, const struct dump_record *dump,
		      const struct dump_task *task)
{
	struct object record = record_new("task", dump->mono_ns, dump->time_ns);
	struct object awaits = object_new();

	put_pid(&record, "pid", dump->pid);
	put_pid(&record, "tid", task->tid);
	object_put(&record, "name", json_text(task->name)); /* "" is a name, too */
	put_string(&record, "state", task_state_name(task->state));
	put_chain(&record, task->chain);
	put_string(&awaits, "kind", task->awaits);
	put_string(&awaits, "name", task->awaits_name);
	put_string(&awaits, "type", task->awaits_type);
	if (task->sleep_ns)
		put_number(&awaits, "sleep_ns", task->sleep_ns);
	put_object(&record, "awaits", &awaits);
	return write_line(to, &record);
}

int encode_dump(const struct line_writer *to, const struct dump_record *dump)
{
	int err = write_process(to, dump);

	for (size_t i = 0; i < dump->nr_threads && !err; i++)
		err = write_thread(to, dump, &dump->threads[i]);
	for (size_t i = 0; i < dump->nr_tasks && !err; i++)
		err = write_task(to, dump, &dump->tasks[i]);
	return err;
}
