// SPDX-License-Identifier: GPL-2.0-or-later
/* advice.c - which of all rows is the one for a stall, and what becomes of the names in its text. */
#include "runtime/advice.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/strings.h"
#include "model/frame_owner.h"
#include "model/place.h"
#include "runtime/runtime.h"

#define NAME_BYTES 64

/* What helps whatever the program is. */
static const struct advice rows_of_all[] = {
	{ "give its cgroup more CPU, or a burst for such moments (cpu.max, cpu.max.burst)",
	  .causes = ON(THROTTLED) },
	{ "{runner} ran meanwhile: give that less CPU (nice, CPUWeight=), or this a CPU of its own",
	  .causes = ON(RUNQUEUE) },
	{ "more memory, or mlock() for what must not be written out", .causes = ON(FAULT) },
	{ .text = NULL },
};

/* -- is it this row? -- */

/* One of the alternatives of wanted is true of name. */
static bool any_of(const char *wanted, const char *name,
		   bool (*is)(const char *name, const char *one, size_t length))
{
	for (;;) {
		size_t length = strcspn(wanted, "|");

		if (is(name, wanted, length))
			return true;
		if (!wanted[length])
			return false;
		wanted += length + 1;
	}
}

/* Without what is in brackets behind it, as demangled names of C++ have. */
static size_t name_length(const char *name)
{
	const char *bracket = strchr(name, '(');

	return bracket && bracket != name ? (size_t)(bracket - name) : strlen(name);
}

static bool is_function(const char *name, const char *one, size_t length)
{
	size_t own = name_length(name);

	if (length && one[0] == '*')
		return own >= length - 1 &&
		       !strncmp(name + own - (length - 1), one + 1, length - 1);
	if (length && one[length - 1] == '*')
		return !strncmp(name, one, length - 1);
	return own == length && !strncmp(name, one, length);
}

/* What is behind the last dot, as names of methods have, or all of it. */
static const char *last_part(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot[1] ? dot + 1 : name;
}

static bool is_called(const char *wanted, const struct frame *frame)
{
	return any_of(wanted, frame->fn, is_function) ||
	       (frame_is_managed(frame) && any_of(wanted, last_part(frame->fn), is_function));
}

/* The rest of path behind the last of these, with its slash; NULL: it has none. */
static const char *behind(const char *path, const char *directory)
{
	const char *found = NULL;

	for (const char *at = path; (at = strstr(at, directory)); at++)
		found = at + strlen(directory) - 1;
	return found;
}

/* "/json/decoder.py", "/requests/api.py": from where libraries are installed on. Else all of it: "node:fs". */
static const char *library_path(const char *path)
{
	static const char *const directories[] = { "/site-packages/", "/dist-packages/",
						   "/node_modules/" };
	static const char *const own[] = { "/lib/python3.", "/lib64/python3." };
	const char *found = NULL;

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]) && !found; i++)
		found = behind(path, directories[i]);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]) && !found; i++) {
		found = behind(path, own[i]);
		found = found ? strchr(found, '/') : NULL;
	}
	return found ? found : path;
}

static bool begins_with(const char *name, const char *one, size_t length)
{
	return !strncmp(name, one, length);
}

/* "-2f02442c" in "libzmq-2f02442c.so.5": what those who build wheels put into the names of libraries. */
#define WHEEL_DIGITS 8

static bool is_of_wheel(const char *rest)
{
	return *rest == '-' && strspn(rest + 1, "0123456789abcdef") == WHEEL_DIGITS &&
	       rest[1 + WHEEL_DIGITS] == '.';
}

static bool is_library(const char *name, const char *one, size_t length)
{
	if (!strncmp(name, one, length))
		return true;
	/* the name is whole: "libzmq." */
	return length && one[length - 1] == '.' && !strncmp(name, one, length - 1) &&
	       is_of_wheel(name + length - 1);
}

static bool is_for_frame(const struct advice *row, const struct frame *frame)
{
	if (row->fn && !is_called(row->fn, frame))
		return false;
	if (row->file &&
	    !(frame->file && any_of(row->file, library_path(frame->file), begins_with)))
		return false;
	return !row->module ||
	       (frame->module && any_of(row->module, base_name(frame->module), is_library));
}

static bool is_for_block(const struct advice *row, const struct stall_record *stall,
			 const struct slice *slice)
{
	return row->causes & 1u << stall->cause &&
	       (!row->syscall || (slice->syscall && !strcmp(row->syscall, slice->syscall)));
}

static bool wants_frame(const struct advice *row)
{
	return row->fn || row->file || row->module;
}

/* -- which row? -- */

/* What is asked about one stall. */
struct asked {
	const struct runtime *runtime;
	const struct stall_record *stall;
	const struct slice *slice; /* its verdict */
	const struct frame *own; /* the user's innermost function; NULL: none is known */
	unsigned int limit; /* frames that are further in than that */
};

/* A function of asyncio that every callback stands on. */
static bool is_loop_itself(const struct frame *frame)
{
	return frame->kind == FRAME_PYTHON && frame->file &&
	       ends_with(frame->file, "/asyncio/base_events.py");
}

/* Not an expression, which is named after where the user wrote it. */
static bool is_own_function(const struct frame *frame)
{
	return frame_is_own(frame) && (frame->kind != FRAME_JS || frame->file);
}

/* What is further out than the loop only started it. */
static unsigned int inside_loop(const struct stack *stack)
{
	for (unsigned int i = stack->nr; i-- > 0;)
		if (is_loop_itself(&stack->frames[i]))
			return i;
	return stack->nr;
}

static void find_own(struct asked *asked)
{
	const struct stack *stack = asked->slice->stack;
	unsigned int inside = stack ? inside_loop(stack) : 0, i = 0;

	while (i < inside && !is_own_function(&stack->frames[i]))
		i++;
	asked->own = i < inside ? &stack->frames[i] : NULL;
	/* without one, all that the loop has called */
	for (unsigned int at = 0; !asked->own && at < i; at++)
		if (is_loop_itself(&stack->frames[at]))
			i = at;
	asked->limit = i;
}

/* A library that is not the language's own. */
static bool is_foreign(const struct frame *frame)
{
	if (frame->kind == FRAME_PYTHON)
		return frame->file && (strstr(frame->file, "/site-packages/") ||
				       strstr(frame->file, "/dist-packages/"));
	if (frame_is_managed(frame))
		return frame->file && strstr(frame->file, "/node_modules/");
	return frame_owner(frame) == FRAME_OF_LIBRARY && frame->module &&
	       !strstr(frame->module, "/lib-dynload/");
}

/* Whether what stands between is as the row wants it. */
static bool is_between(const struct advice *row, const struct asked *asked)
{
	bool library = false;

	if (!row->direct && !row->library)
		return true;
	for (unsigned int i = 0; i < asked->limit && !library; i++)
		library = is_foreign(&asked->slice->stack->frames[i]);
	return asked->slice->stack && library == row->library;
}

typedef const struct advice *row_finder(const struct asked *asked, const struct advice *rows,
					const struct frame *frame);

static const struct advice *row_for_frame(const struct asked *asked, const struct advice *rows,
					  const struct frame *frame)
{
	for (; rows->text; rows++)
		if (wants_frame(rows) && is_for_block(rows, asked->stall, asked->slice) &&
		    is_for_frame(rows, frame))
			return rows;
	return NULL;
}

static const struct advice *row_without_frame(const struct asked *asked, const struct advice *rows,
					      const struct frame *frame)
{
	(void)frame;
	for (; rows->text; rows++)
		if (!wants_frame(rows) && is_for_block(rows, asked->stall, asked->slice) &&
		    is_between(rows, asked))
			return rows;
	return NULL;
}

static const struct advice *in_all_rows(const struct asked *asked, row_finder *find,
					const struct frame *frame)
{
	const struct advice *const *lists = asked->runtime->advice, *row = NULL;

	for (; lists && *lists && !row; lists++)
		row = find(asked, *lists, frame);
	return row ? row : find(asked, rows_of_all, frame);
}

static const struct advice *find(const struct asked *asked, const struct frame **call)
{
	/* the outermost is the call that the user's function made */
	for (unsigned int i = asked->limit; i-- > 0;) {
		const struct frame *frame = &asked->slice->stack->frames[i];
		const struct advice *row = in_all_rows(asked, row_for_frame, frame);

		*call = frame;
		if (row)
			return row;
	}
	*call = NULL;
	return in_all_rows(asked, row_without_frame, NULL);
}

static bool ask(struct asked *asked, const struct runtime *runtime,
		const struct stall_record *stall)
{
	*asked = (struct asked){
		.runtime = runtime,
		.stall = stall,
		.slice = stall_verdict(stall),
	};
	if (!runtime || !asked->slice)
		return false;
	find_own(asked);
	return true;
}

const struct advice *advice_find(const struct runtime *runtime, const struct stall_record *stall,
				 const struct frame **call)
{
	struct asked asked;

	*call = NULL;
	return ask(&asked, runtime, stall) ? find(&asked, call) : NULL;
}

/* -- its text -- */

/* A name as it can be written in a program: no other one may stand in a text that people copy. */
static bool is_identifier(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_.");

	return length && !name[length] && length < NAME_BYTES && !isdigit((unsigned char)name[0]);
}

/* The user's function, if it can be handed to a thread by its name: "..." if not. */
static const char *own_name(const struct asked *asked)
{
	static const char unknown[] = "...";
	const char *name, *local;

	if (!asked->own || asked->own->kind != FRAME_PYTHON || asked->own->suspends)
		return unknown;
	name = asked->own->fn;
	local = strstr(name, "<locals>.");
	while (local) {
		name = local + strlen("<locals>.");
		local = strstr(name, "<locals>.");
	}
	return is_identifier(name) ? name : unknown;
}

/* Text under way, which is cut where it does not fit. */
struct writer {
	char *text;
	size_t used;
};

static void write_text(struct writer *writer, const char *text, size_t length)
{
	size_t room = ADVICE_BYTES - 1 - writer->used;

	if (length > room)
		length = room;
	memcpy(writer->text + writer->used, text, length);
	writer->used += length;
	writer->text[writer->used] = '\0';
}

static void write_call(struct writer *writer, const struct frame *call, bool twin)
{
	const char *name = call ? last_part(call->fn) : "...";
	size_t length;

	if (!is_identifier(name))
		name = "...";
	length = strlen(name);
	if (twin && ends_with(name, "Sync"))
		length -= strlen("Sync");
	write_text(writer, name, length);
}

/* Whoever ran most of the time. */
static void write_runner(struct writer *writer, const struct slice *slice)
{
	const char *name = "another thread";

	for (size_t i = 0; i < slice->culprits.nr; i++) {
		const struct culprit *culprit = &slice->culprits.v[i];

		if (culprit->kind != CULPRIT_RUNNER)
			continue;
		if (is_identifier(culprit->comm))
			name = culprit->comm;
		break;
	}
	write_text(writer, name, strlen(name));
}

/* One of the words that stand in braces. */
static void write_word(struct writer *writer, const struct asked *asked, const struct frame *call,
		       const char *word)
{
	const struct off_loop *off = asked->runtime->off_loop;
	char thread[ADVICE_BYTES];

	if (starts_with(word, "{runner}")) {
		write_runner(writer, asked->slice);
	} else if (starts_with(word, "{call}") || starts_with(word, "{twin}")) {
		write_call(writer, call, word[1] == 't');
	} else if (off && starts_with(word, "{thread}")) {
		/* the format is a constant of the runtime's */
		snprintf(thread, sizeof(thread), off->thread, own_name(asked));
		write_text(writer, thread, strlen(thread));
	} else if (off) {
		const char *text = starts_with(word, "{process}") ? off->process : off->sleep;

		write_text(writer, text, strlen(text));
	}
}

bool advice_of(const struct runtime *runtime, const struct stall_record *stall,
	       char text[ADVICE_BYTES])
{
	struct writer writer = { .text = text };
	const struct advice *row = NULL;
	const struct frame *call;
	struct asked asked;

	if (ask(&asked, runtime, stall))
		row = find(&asked, &call);
	if (!row)
		return false;
	for (const char *at = row->text; *at;) {
		size_t plain = strcspn(at, "{");

		write_text(&writer, at, plain);
		at += plain;
		if (!*at)
			break;
		write_word(&writer, &asked, call, at);
		at += strcspn(at, "}");
		at += *at != '\0';
	}
	return true;
}
