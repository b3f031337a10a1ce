// SPDX-License-Identifier: GPL-2.0-or-later
/* entry.c - which fields of the journal a stall and a note have. */
#include "serve/entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "model/doubt.h"
#include "model/place.h"
#include "text/culprit_text.h"
#include "text/fold.h"
#include "text/impact_text.h"
#include "text/note_words.h"
#include "text/words.h"

/* The fields have them whole. */
#define NAME_COLUMNS   60
#define DETAIL_COLUMNS 120
#define PLACE_COLUMNS  120
#define STACK_FRAMES   64
#define WARNING	       "4" /* of syslog(3) */

static int __attribute__((format(printf, 2, 3))) add(struct entry *entry, const char *format, ...)
{
	struct iovec *field = &entry->fields[entry->nr];
	va_list args;
	char *text;
	int length;

	if (entry->nr == ENTRY_FIELDS_MAX)
		return -ENOMEM;
	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		return -ENOMEM;
	field->iov_base = text;
	field->iov_len = (size_t)length;
	entry->nr++;
	return 0;
}

/* NULL and "" are not known, and left out. */
static int add_name(struct entry *entry, const char *field, const char *value)
{
	__freeing char *escaped = NULL;

	if (!value || !*value)
		return 0;
	escaped = escape_text(value);
	return escaped ? add(entry, "%s=%s", field, escaped) : -ENOMEM;
}

static int add_number(struct entry *entry, const char *field, uint64_t value)
{
	return add(entry, "%s=%" PRIu64, field, value);
}

/* "fetch_rates (/app/rates.py:88)\nexecute (...)\n...", as it stands in the field. */
static int add_stack(struct entry *entry, const struct stack *stack)
{
	__freeing char *text = NULL;
	size_t size = 0;
	FILE *out;
	int err = 0;

	if (!stack || !stack->nr)
		return 0;
	out = open_memstream(&text, &size);
	if (!out)
		return -ENOMEM;
	for (unsigned int i = 0; i < stack->nr && i < STACK_FRAMES && !err; i++) {
		const struct frame *frame = &stack->frames[i];
		const char *from = frame->file ? frame->file : frame->module;
		__freeing char *fn = escape_text(frame->fn);
		__freeing char *file = escape_text(from ? from : "");

		if (!fn || !file) {
			err = -ENOMEM;
			break;
		}
		fprintf(out, "%s%s", i ? "\n" : "", fn);
		if (*file && frame->file && frame->line)
			fprintf(out, " (%s:%u)", file, frame->line);
		else if (*file)
			fprintf(out, " (%s)", file);
	}
	if (fclose(out) || err)
		return -ENOMEM;
	return add(entry, "BLOCKPROF_STACK=%s", text);
}

static int add_place(struct entry *entry, const struct frame *frame)
{
	int err;

	if (!frame)
		return 0;
	err = add_name(entry, "CODE_FUNC", frame->fn);
	if (!err)
		err = add_name(entry, "CODE_FILE", frame->file);
	if (!err && frame->file && frame->line)
		err = add_number(entry, "CODE_LINE", frame->line);
	return err;
}

/* "for postgres[812], which sat in fsync of pg_wal/0001", as the report goes on with it. */
static int add_chain(struct entry *entry, const struct culprits *culprits)
{
	__freeing char *words = NULL;
	size_t size = 0, comma;
	FILE *out = open_memstream(&words, &size);
	int err = out ? culprits_words(out, culprits) : -ENOMEM;

	if (out && fclose(out))
		err = -ENOMEM;
	if (err)
		return err;
	comma = strspn(words, ", ");
	/* escaped already */
	return words[comma] ? add(entry, "BLOCKPROF_CHAIN=%s", words + comma) : 0;
}

static int add_slice(struct entry *entry, const struct slice *slice)
{
	__freeing char *target = NULL;
	struct detail detail;
	int err;

	if (!slice)
		return 0;
	if (words_detail(slice, &detail))
		return -ENOMEM;
	err = add_name(entry, "BLOCKPROF_SYSCALL", slice->syscall);
	if (!err && detail.object &&
	    asprintf(&target, "%s%s%s", detail.object, detail.after ? " " : "",
		     detail.after ? detail.after : "") < 0) {
		target = NULL;
		err = -ENOMEM;
	}
	/* escaped already */
	if (!err && target)
		err = add(entry, "BLOCKPROF_TARGET=%s", target);
	detail_free(&detail);
	if (!err)
		err = add_name(entry, "BLOCKPROF_TASK",
			       slice->task_name ? slice->task_name : slice->task_coro);
	if (!err)
		err = add_chain(entry, &slice->culprits);
	if (!err)
		err = add_place(entry, place_of(slice->stack));
	return err ? err : add_stack(entry, slice->stack);
}

char *entry_message(const struct stall_record *stall)
{
	const struct slice *slice = stall_verdict(stall);
	const struct frame *frame = slice ? place_of(slice->stack) : NULL;
	__freeing char *who = words_thread(stall->id.comm, stall->id.pid, stall->id.tid);
	__freeing char *runtime = escape_text(stall->id.runtime ? stall->id.runtime : "");
	__freeing char *task = escape_text(slice && slice->task_name ? slice->task_name : "");
	__freeing char *place = frame ? fold_place(frame) : strdup("");
	__freeing char *what = NULL;
	char duration[DURATION_BYTES];
	struct detail detail = { 0 };
	char *message;

	words_duration(stall->duration_ns, duration);
	if (slice && words_detail(slice, &detail))
		return NULL;
	what = detail_text(&detail);
	if (runtime)
		text_cut_right(runtime, NAME_COLUMNS);
	if (task)
		text_cut_right(task, NAME_COLUMNS);
	if (what)
		text_cut_left(what, DETAIL_COLUMNS);
	if (place)
		text_cut_left(place, PLACE_COLUMNS);
	detail_free(&detail);
	if (!who || !runtime || !task || !place || !what ||
	    asprintf(&message, "%s%s%s%s%s: %s%s%s%s %s%s%s%s%s", who, *runtime ? " " : "", runtime,
		     *task ? ", task " : "", task, duration, stall->ongoing ? " and " : "",
		     stall->ongoing ? cause_words(stall->cause)->lasting : "",
		     stall->ongoing ? "," : "", cause_name(stall->cause), *what ? ", " : "", what,
		     *place ? ", in " : "", place) < 0)
		return NULL;
	return message;
}

/* What each entry has. */
static int add_process(struct entry *entry, pid_t pid, const char *comm, const struct home *home)
{
	int err = add(entry, "PRIORITY=" WARNING);

	if (!err)
		err = add(entry, "OBJECT_PID=%d", pid);
	if (!err)
		err = add(entry, "BLOCKPROF_PID=%d", pid);
	if (!err)
		err = add_name(entry, "BLOCKPROF_COMM", comm);
	if (!err)
		err = add_name(entry, "BLOCKPROF_UNIT", home->unit);
	if (!err)
		err = add_name(entry, "BLOCKPROF_CONTAINER", home->container);
	if (!err)
		err = add_name(entry, "BLOCKPROF_CONTAINER_NAME", home->container_name);
	if (!err)
		err = add_name(entry, "BLOCKPROF_POD", home->pod);
	return err ? err : add_name(entry, "BLOCKPROF_NAMESPACE", home->namespace);
}

static int fill(struct entry *entry, const struct stall_record *stall, const struct home *home)
{
	__freeing char *message = entry_message(stall);
	char impact[IMPACT_BYTES];
	int err = message ? add(entry, "MESSAGE=%s", message) : -ENOMEM;

	if (!err)
		err = add(entry, "MESSAGE_ID=" ENTRY_MESSAGE_ID);
	if (!err)
		err = add_process(entry, stall->id.pid, stall->id.comm, home);
	if (!err)
		err = add(entry, "BLOCKPROF_TURN=%s", stall->turn);
	if (!err)
		err = add(entry, "BLOCKPROF_ONGOING=%d", stall->ongoing);
	if (!err)
		err = add(entry, "BLOCKPROF_CAUSE=%s", cause_name(stall->cause));
	if (!err)
		err = add_number(entry, "BLOCKPROF_DURATION_NS", stall->duration_ns);
	if (!err)
		err = add(entry, "BLOCKPROF_TID=%d", stall->id.tid);
	if (!err && stall->id.loop)
		err = add_number(entry, "BLOCKPROF_LOOP", stall->id.loop);
	if (!err && stall->doubt)
		err = add(entry, "BLOCKPROF_DOUBT=%s", doubt_name(stall->doubt));
	if (!err)
		err = add_name(entry, "BLOCKPROF_RUNTIME", stall->id.runtime);
	if (!err)
		err = add_name(entry, "BLOCKPROF_ADVICE", stall->advice);
	if (!err && !stall->ongoing && stall->delayed_events >= 0)
		err = add_number(entry, "BLOCKPROF_DELAYED_EVENTS",
				 (uint64_t)stall->delayed_events);
	if (!err && impact_words(stall, impact))
		err = add(entry, "BLOCKPROF_IMPACT=%s", impact);
	return err ? err : add_slice(entry, stall_verdict(stall));
}

int entry_of_stall(struct entry *entry, const struct stall_record *stall, const struct home *home)
{
	int err;

	entry->nr = 0;
	err = fill(entry, stall, home);
	if (err)
		entry_free(entry);
	return err;
}

int entry_of_note(struct entry *entry, const struct note_record *note, const struct home *home)
{
	__freeing char *message = note_words(note);
	int err = message ? 0 : -ENOMEM;

	entry->nr = 0;
	if (!err)
		err = add(entry, "MESSAGE=%s", message);
	if (!err)
		err = add(entry, "BLOCKPROF_NOTE=%s", note_kind_name(note->kind));
	if (!err)
		err = add_process(entry, note->pid, note->comm, home);
	if (err)
		entry_free(entry);
	return err;
}

void entry_free(struct entry *entry)
{
	while (entry->nr)
		free(entry->fields[--entry->nr].iov_base);
}
