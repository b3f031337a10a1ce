// SPDX-License-Identifier: GPL-2.0-or-later
/* note_words.c - the sentences for each kind of note. */
#include "text/note_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "text/words.h"

#define SHOWN_CALLS 3

/* "3 in fetch (app/db.py:12), 1 in getaddrinfo (socket.py:955) that looks up db.example" */
static void print_calls(FILE *out, const struct note_record *note)
{
	size_t shown = note->nr_calls < SHOWN_CALLS ? note->nr_calls : SHOWN_CALLS;
	uint64_t rest = note->workers;

	for (size_t i = 0; i < shown; i++) {
		const struct note_call *call = &note->calls[i];
		const char *file = call->file ? strrchr(call->file, '/') : NULL;

		fprintf(out, "%s%" PRIu64 " in %s", i ? ", " : ": ", call->workers, call->fn);
		if (call->file)
			fprintf(out, " (%s", file ? file + 1 : call->file);
		if (call->file && call->line)
			fprintf(out, ":%u", call->line);
		if (call->file)
			fputc(')', out);
		if (call->host)
			fprintf(out, " that looks up %s", call->host);
		rest -= call->workers < rest ? call->workers : rest;
	}
	if (shown && rest)
		fprintf(out, ", %" PRIu64 " elsewhere", rest);
}

/* "all 4 workers of libuv in node[7] have been busy for 1.2 s" */
/* "work for a thread pool of web[7] has waited for 1.2 s: all 5 workers are busy, 3 more calls wait" */
static void print_pool(FILE *out, const struct note_record *note, const char *duration)
{
	if (note->pool) {
		fprintf(out, "all %" PRIu64 " workers of %s in %s[%d] have been busy for %s",
			note->workers, note->pool, note->comm, note->pid, duration);
		print_calls(out, note);
		return;
	}
	fprintf(out,
		"work for a thread pool of %s[%d] has waited for %s: all %" PRIu64
		" workers are busy, %" PRIu64 " more call%s",
		note->comm, note->pid, duration, note->workers, note->waiting,
		note->waiting == 1 ? " waits" : "s wait");
	print_calls(out, note);
}

static void print_note(FILE *out, const struct note_record *note)
{
	const char *growing = note_kind_growing(note->kind);
	char duration[DURATION_BYTES];

	words_duration(note->duration_ns, duration);
	if (growing)
		fprintf(out, "the %s of %s[%d] keep growing: from %" PRIu64 " to %" PRIu64 " in %s",
			growing, note->comm, note->pid, note->from, note->to, duration);
	else
		print_pool(out, note, duration);
}

char *note_words(const struct note_record *note)
{
	__freeing char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	print_note(out, note);
	return fclose(out) ? NULL : escape_text(text);
}
