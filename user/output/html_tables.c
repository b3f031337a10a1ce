// SPDX-License-Identifier: GPL-2.0-or-later
/* html_tables.c - which strings, frames and stacks are the same, and which there is no room for. */
#include "output/html_tables.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "model/frame_owner.h"
#include "model/place.h"
#include "output/html_out.h"
#include "output/html_words.h"
#include "output/keys.h"

#define STRINGS_MAX 400000
#define FRAMES_MAX  100000
#define STACKS_MAX  100000
#define BYTES_MAX   (8u << 20) /* of all of them */
#define LEFT_OUT    "(left out: this page has too many names)"

struct frame_row {
	uint32_t fn, file, line, kind, owner, label;
};

struct html_tables {
	struct keys *strings;
	struct keys *frames; /* struct frame_row */
	struct keys
		*stacks; /* the number of the place's frame, then those of all, innermost first */
	struct keys *known; /* addresses of stacks that were looked up */
	int64_t *numbers; /* of these */
	size_t room;
	size_t known_room;
	int err;
};

#define NO_PLACE UINT32_MAX

#define NAME_EMPTY    0
#define NAME_LEFT_OUT 1

int html_tables_new(struct html_tables **out)
{
	struct html_tables *tables = calloc(1, sizeof(*tables));
	uint32_t number;

	if (!tables)
		return -ENOMEM;
	tables->room = BYTES_MAX;
	tables->known_room = SIZE_MAX;
	tables->numbers = calloc(STACKS_MAX, sizeof(tables->numbers[0]));
	if (!tables->numbers || keys_new(&tables->strings, STRINGS_MAX, &tables->room) ||
	    keys_new(&tables->frames, FRAMES_MAX, &tables->room) ||
	    keys_new(&tables->stacks, STACKS_MAX, &tables->room) ||
	    keys_new(&tables->known, STACKS_MAX, &tables->known_room) ||
	    keys_add(tables->strings, "", 1, &number) ||
	    keys_add(tables->strings, LEFT_OUT, sizeof(LEFT_OUT), &number)) {
		html_tables_free(tables);
		return -ENOMEM;
	}
	*out = tables;
	return 0;
}

void html_tables_free(struct html_tables *tables)
{
	if (!tables)
		return;
	keys_free(tables->strings);
	keys_free(tables->frames);
	keys_free(tables->stacks);
	keys_free(tables->known);
	free(tables->numbers);
	free(tables);
}

static void keep_error(struct html_tables *tables, int err)
{
	if (err && err != -ENOSPC && !tables->err)
		tables->err = err;
}

uint32_t html_string(struct html_tables *tables, char *text)
{
	uint32_t number = NAME_EMPTY;
	int err = text ? keys_add(tables->strings, text, strlen(text) + 1, &number) : -ENOMEM;

	free(text);
	keep_error(tables, err);
	return err == -ENOSPC ? NAME_LEFT_OUT : err ? NAME_EMPTY : number;
}

/* -- stacks -- */

static const char *file_of(const struct frame *frame)
{
	if (frame->file)
		return frame->file;
	return frame->module ? base_name(frame->module) : "";
}

static int add_frame(struct html_tables *tables, const struct frame *frame, uint32_t *number)
{
	const struct frame_row row = {
		.fn = html_string(tables, html_escape(*frame->fn ? frame->fn : "[unknown]")),
		.file = html_string(tables, html_escape(file_of(frame))),
		.line = frame->line,
		.kind = frame->kind,
		.owner = frame_owner(frame),
		.label = html_string(tables, html_frame(frame)),
	};

	return keys_add(tables->frames, &row, sizeof(row), number);
}

static int add_stack(struct html_tables *tables, const struct stack *stack, uint32_t *number)
{
	static const struct frame cut = { .kind = FRAME_NATIVE, .fn = "[cut]" };
	__freeing uint32_t *frames = calloc(stack->nr + 2, sizeof(frames[0]));
	const struct frame *place = place_of(stack);
	size_t nr = 1;
	int err = frames ? 0 : -ENOMEM;

	if (!err)
		frames[0] = NO_PLACE;
	if (!err && place)
		err = add_frame(tables, place, &frames[0]);
	for (unsigned int i = 0; i < stack->nr && !err; i++) {
		if (stack->has_python && frame_is_plumbing(&stack->frames[i]))
			continue;
		err = add_frame(tables, &stack->frames[i], &frames[nr]);
		nr += !err;
	}
	if (!err && stack->cut) {
		err = add_frame(tables, &cut, &frames[nr]);
		nr += !err;
	}
	return err ? err : keys_add(tables->stacks, frames, nr * sizeof(frames[0]), number);
}

int64_t html_stack(struct html_tables *tables, const struct stack *stack)
{
	size_t had = keys_size(tables->known);
	uint32_t at, number;
	int err;

	if (!stack)
		return -1;
	err = keys_add(tables->known, &stack, sizeof(stack), &at);
	if (!err && at < had)
		return tables->numbers[at];
	keep_error(tables, err);
	if (!err)
		tables->numbers[at] = -1;
	if (add_stack(tables, stack, &number))
		return -1;
	if (!err)
		tables->numbers[at] = number;
	return number;
}

/* -- as JSON -- */

static void write_frame(const struct frame_row *row, FILE *out)
{
	fprintf(out, "[%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 "]",
		row->fn, row->file, row->line, row->kind, row->owner, row->label);
}

int html_tables_write(struct html_tables *tables, FILE *out)
{
	html_put_key(out, "strings");
	for (uint32_t i = 0; i < keys_size(tables->strings); i++) {
		fputs(i ? ",\n" : "[", out);
		html_put_json(out, keys_at(tables->strings, i, NULL));
	}
	fputc(']', out);
	html_put_key(out, "frames");
	fputc('[', out);
	for (uint32_t i = 0; i < keys_size(tables->frames); i++) {
		fputs(i ? ",\n" : "", out);
		write_frame(keys_at(tables->frames, i, NULL), out);
	}
	fputc(']', out);
	html_put_key(out, "stacks");
	fputc('[', out);
	for (uint32_t i = 0; i < keys_size(tables->stacks); i++) {
		size_t size;
		const uint32_t *frames = keys_at(tables->stacks, i, &size);

		fputs(i ? ",\n[" : "[", out);
		for (size_t j = 1; j < size / sizeof(frames[0]); j++)
			fprintf(out, "%s%" PRIu32, j > 1 ? "," : "", frames[j]);
		fputc(']', out);
	}
	fputc(']', out);
	html_put_key(out, "stack_places");
	fputc('[', out);
	for (uint32_t i = 0; i < keys_size(tables->stacks); i++) {
		const uint32_t *frames = keys_at(tables->stacks, i, NULL);

		fprintf(out, "%s%" PRId64, i ? "," : "",
			frames[0] == NO_PLACE ? -1 : (int64_t)frames[0]);
	}
	fputc(']', out);
	return tables->err;
}
