// SPDX-License-Identifier: GPL-2.0-or-later
/* fold.c - how a stack is laid out in rows: names, places, what was left out. */
#include "text/fold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/strings.h"
#include "model/frame_owner.h"
#include "model/place.h"

#define MARGIN		 4
#define MAX_DEPTH	 8 /* levels of indent */
#define MAX_ROWS	 12 /* of a folded stack */
#define OUTER_ROWS	 3 /* those at the outer end, when some in the middle are left out */
#define NAME_COLUMNS	 38 /* the place begins here at the latest */
#define FN_LEAST_COLUMNS 12

/*
 * "app/rates.py:88": two parts of the path are enough to know the file by. For
 * native code "rates.c:88", or the library that it is in.
 */
static char *short_place(const struct frame *frame)
{
	bool module = frame->kind == FRAME_NATIVE && !frame->file;
	const char *path = module ? frame->module : frame->file;
	__freeing char *escaped = NULL;
	const char *start;
	char *text = NULL;
	int slashes = 0;

	if (frame->kind == FRAME_KERNEL)
		return strdup("[kernel]");
	if (!path)
		return strdup("");
	start = path + strlen(path);
	while (start > path && (start[-1] != '/' || ++slashes < 2))
		start--;
	escaped = escape_text(frame->kind == FRAME_NATIVE ? base_name(path) : start);
	if (!escaped)
		return NULL;
	if (!module && frame->line)
		return asprintf(&text, "%s:%u", escaped, frame->line) < 0 ? NULL : text;
	return strdup(escaped);
}

/* fn and place in one, no wider than columns if cutting fn is enough for that. */
static char *join_place(const char *fn, const char *place, size_t columns)
{
	__freeing char *own_fn = strdup(fn);
	size_t around = text_width(place) + strlen(" ()");
	char *text = NULL;

	if (!own_fn)
		return NULL;
	text_cut_left(own_fn,
		      columns > around + FN_LEAST_COLUMNS ? columns - around : FN_LEAST_COLUMNS);
	return asprintf(&text, "%s (%s)", own_fn, place) < 0 ? NULL : text;
}

char *fold_place(const struct frame *frame, size_t columns)
{
	__freeing char *fn = escape_text(*frame->fn ? frame->fn : "[unknown]");
	__freeing char *place = short_place(frame);
	char *text;

	if (!fn || !place)
		return NULL;
	if (!*place) {
		text_cut_left(fn, columns);
		return strdup(fn);
	}
	text = join_place(fn, place, columns);
	if (text && text_width(text) > columns) {
		free(text);
		text = join_place(fn, base_name(place), columns);
	}
	if (text)
		text_cut_left(text, columns);
	return text;
}

struct row {
	char *fn;
	char *place;
	size_t indent;
	unsigned int folded; /* library frames between this one and the next */
	bool own;
};

struct rows {
	struct row *v;
	size_t nr;
};

static void rows_free(struct rows *rows)
{
	for (size_t i = 0; i < rows->nr; i++) {
		free(rows->v[i].fn);
		free(rows->v[i].place);
	}
	free(rows->v);
}

static int add_row(struct rows *rows, char *fn, char *place, bool own)
{
	size_t depth = rows->nr < MAX_DEPTH ? rows->nr : MAX_DEPTH;

	rows->v[rows->nr++] = (struct row){
		.fn = fn,
		.place = place,
		.indent = MARGIN + 2 * depth,
		.own = own,
	};
	return fn && place ? 0 : -ENOMEM;
}

static int add_frame(struct rows *rows, const struct frame *frame)
{
	return add_row(rows, escape_text(*frame->fn ? frame->fn : "[unknown]"), short_place(frame),
		       frame_is_own(frame));
}

static int add_omission(struct rows *rows, unsigned int frames)
{
	char *text = NULL;

	if (asprintf(&text, "... (%u more frames)", frames) < 0)
		text = NULL;
	return add_row(rows, text, strdup(""), false);
}

/* How many managed frames are folded away between the positions next and at. */
static unsigned int count_folded(const struct stack *stack, unsigned int at, unsigned int next)
{
	unsigned int folded = 0;

	for (unsigned int i = next; i < at; i++)
		folded += frame_is_managed(&stack->frames[i]);
	return folded;
}

/* What the innermost frame called, where the frame itself does not show it. */
static int add_leaf(struct rows *rows, const struct stack *stack, unsigned int innermost,
		    const char *call)
{
	int at = place_native(stack, innermost);

	if (at >= 0)
		return add_frame(rows, &stack->frames[at]);
	if (call && rows->nr && rows->v[rows->nr - 1].folded)
		return add_row(rows, escape_text(call), strdup(""), false);
	return 0;
}

static int build_folded(struct rows *rows, const struct stack *stack, const char *call)
{
	__freeing unsigned int *at = calloc(stack->nr, sizeof(at[0]));
	unsigned int nr, left_out;
	int err = 0;

	if (!at)
		return -ENOMEM;
	nr = place_frames(stack, at, stack->nr);
	left_out = nr > MAX_ROWS ? nr - MAX_ROWS : 0;
	for (unsigned int i = nr; i-- > 0 && !err;) {
		if (left_out && rows->nr == OUTER_ROWS) {
			err = add_omission(rows, left_out);
			i -= left_out - 1;
			continue;
		}
		err = add_frame(rows, &stack->frames[at[i]]);
		rows->v[rows->nr - 1].folded = count_folded(stack, at[i], i ? at[i - 1] + 1 : 0);
	}
	if (!err && nr && frame_is_managed(&stack->frames[at[0]]))
		err = add_leaf(rows, stack, at[0], call);
	return err;
}

static int build_unfolded(struct rows *rows, const struct stack *stack)
{
	int err = 0;

	for (unsigned int i = stack->nr; i-- > 0 && !err;)
		err = add_frame(rows, &stack->frames[i]);
	return err;
}

/* The column where places begin: behind the longest name, within reason. */
static size_t place_column(const struct rows *rows, const struct look *look)
{
	size_t most = look->columns / 2 < NAME_COLUMNS ? look->columns / 2 : NAME_COLUMNS;
	size_t column = 0;

	for (size_t i = 0; i < rows->nr; i++) {
		size_t end = rows->v[i].indent + text_width(rows->v[i].fn) + 2;

		if (*rows->v[i].place && end > column)
			column = end;
	}
	return column < most ? column : most;
}

static void print_spaces(FILE *out, size_t nr)
{
	fprintf(out, "%*s", (int)nr, "");
}

/* "(+9 library frames)", beside the row if there is room, else below it. */
static void print_folded(FILE *out, const struct row *row, size_t used, const struct look *look)
{
	char text[48];

	if (!row->folded)
		return;
	snprintf(text, sizeof(text), "(+%u library frame%s)", row->folded,
		 row->folded == 1 ? "" : "s");
	if (used + 2 + strlen(text) <= look->columns) {
		fputs("  ", out);
	} else {
		fputc('\n', out);
		print_spaces(out, row->indent + 2);
	}
	look_as(look, out, LOOK_DIM);
	fputs(text, out);
	look_as(look, out, LOOK_PLAIN);
}

static void print_row(FILE *out, struct row *row, size_t column, const struct look *look)
{
	size_t room = look->columns - row->indent, used;

	/* Behind a name that reaches into the places' column comes its place, if both fit. */
	if (*row->place) {
		size_t place = text_width(row->place);

		if (row->indent + text_width(row->fn) + 2 + place > look->columns)
			text_cut_left(row->fn, column > row->indent + FN_LEAST_COLUMNS + 2
						       ? column - row->indent - 2
						       : FN_LEAST_COLUMNS);
	}
	text_cut_left(row->fn, room);
	print_spaces(out, row->indent);
	look_as(look, out, row->own ? LOOK_BOLD : "");
	fputs(row->fn, out);
	used = row->indent + text_width(row->fn);
	if (*row->place) {
		size_t gap = used + 2 < column ? column - used : 2;

		print_spaces(out, gap);
		used += gap;
		text_cut_left(row->place, used < look->columns ? look->columns - used : 0);
		fputs(row->place, out);
		used += text_width(row->place);
	}
	look_as(look, out, row->own ? LOOK_PLAIN : "");
	print_folded(out, row, used, look);
	fputc('\n', out);
}

int fold_print(FILE *out, const struct stack *stack, const char *call, const struct look *look)
{
	struct rows rows = { .v = calloc(stack->nr + 2, sizeof(rows.v[0])) };
	size_t column;
	int err;

	if (!rows.v)
		return -ENOMEM;
	err = look->unfold ? build_unfolded(&rows, stack) : build_folded(&rows, stack, call);
	if (!err) {
		column = place_column(&rows, look);
		if (stack->cut && rows.nr)
			fprintf(out, "%*s(outer frames are missing)\n", MARGIN, "");
		for (size_t i = 0; i < rows.nr; i++)
			print_row(out, &rows.v[i], column, look);
	}
	rows_free(&rows);
	return err;
}
