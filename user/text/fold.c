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
#include "text/wrap.h"

#define MAX_DEPTH    8 /* levels of indent */
#define MAX_ROWS     12 /* of a folded stack */
#define OUTER_ROWS   3 /* those at the outer end, when some in the middle are left out */
#define NAME_COLUMNS 38 /* longer names do not move the places of others */
#define CONTINUED    4 /* how much further a row is indented that continues one */

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
	/* "web+0x12" has it already */
	if (!path || (module && starts_with(frame->fn, base_name(path)) &&
		      starts_with(frame->fn + strlen(base_name(path)), "+0x")))
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

char *fold_place(const struct frame *frame)
{
	__freeing char *fn = escape_text(*frame->fn ? frame->fn : "[unknown]");
	__freeing char *place = short_place(frame);
	char *text;

	if (!fn || !place ||
	    asprintf(&text, "%s%s%s%s", fn, *place ? " (" : "", place, *place ? ")" : "") < 0)
		return NULL;
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
	size_t margin;
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
		.indent = rows->margin + 2 * depth,
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
	if (!err && nr && frame_owner(&stack->frames[at[0]]) != FRAME_OF_LIBRARY)
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
	size_t most = rows->margin + NAME_COLUMNS, column = 0;

	if (look->columns && look->columns / 2 < most)
		most = look->columns / 2;
	for (size_t i = 0; i < rows->nr; i++) {
		size_t end = rows->v[i].indent + text_width(rows->v[i].fn) + 2;

		if (*rows->v[i].place && end > column && end <= most)
			column = end;
	}
	return column;
}

/* "    fetch_rates  app/rates.py:88  (+9 library frames)" */
static int print_row(FILE *out, const struct row *row, size_t column, const struct look *look)
{
	struct wrap wrap = { .indent = row->indent + CONTINUED };
	size_t end = row->indent + text_width(row->fn), gap = column > end + 2 ? column - end : 2;
	__freeing char *own = NULL, *text = NULL;
	char folded[48] = "";

	if (look->columns && end + gap + text_width(row->place) > look->columns)
		gap = 2;
	if (row->folded)
		snprintf(folded, sizeof(folded), "  (+%u library frame%s)", row->folded,
			 row->folded == 1 ? "" : "s");
	if (asprintf(&own, "%*s%s%*s%s", (int)row->indent, "", row->fn, *row->place ? (int)gap : 0,
		     "", row->place) < 0 ||
	    asprintf(&text, "%s%s", own, folded) < 0)
		return -ENOMEM;
	wrap.spans[0] = (struct span){ row->indent, strlen(own), LOOK_BOLD };
	wrap.spans[1] = (struct span){ strlen(own) + 2, strlen(text), LOOK_DIM };
	if (!row->own)
		wrap.spans[0] = (struct span){ 0 };
	wrap_print(out, text, &wrap, look);
	return 0;
}

static int build(struct rows *rows, const struct stack *stack, const struct fold *fold,
		 const struct look *look)
{
	*rows = (struct rows){ .v = calloc(stack->nr + 2, sizeof(rows->v[0])),
			       .margin = fold->margin };
	if (!rows->v)
		return -ENOMEM;
	return look->unfold ? build_unfolded(rows, stack) : build_folded(rows, stack, fold->call);
}

int fold_print(FILE *out, const struct stack *stack, const struct fold *fold,
	       const struct look *look)
{
	struct rows rows;
	size_t column, first = 0, outdent;
	int err = build(&rows, stack, fold, look);

	if (!err && fold->innermost && rows.nr > fold->innermost && !look->unfold)
		first = rows.nr - fold->innermost;
	/* the first one shown stands where the outermost would have */
	outdent = !err && first ? rows.v[first].indent - fold->margin : 0;
	for (size_t i = first; i < rows.nr && !err; i++)
		rows.v[i].indent -= outdent;
	if (!err && stack->cut && rows.nr)
		err = wrap_printf(out, fold->margin, look, "%*s(outer frames are missing)",
				  (int)fold->margin, "");
	column = err ? 0 : place_column(&rows, look);
	for (size_t i = first; i < rows.nr && !err; i++)
		err = print_row(out, &rows.v[i], column, look);
	rows_free(&rows);
	return err;
}

bool fold_says_more(const struct stack *stack, const struct look *look)
{
	const struct fold fold = { 0 };
	struct rows rows;
	bool more;

	if (!stack || !stack->nr)
		return false;
	more = !build(&rows, stack, &fold, look) && (rows.nr > 1 || (rows.nr && rows.v[0].folded));
	rows_free(&rows);
	return more;
}
