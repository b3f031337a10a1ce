// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * svg.c - a flame graph as a picture: no script, so that it is the same in a page,
 * in a mail and in an image viewer. Boxes are the elements of folded stacks, from
 * the process at the bottom to the cause on top; what people can change, their own
 * code, stands out. Colours come from names: a place has the same one in each
 * picture. Numbers have a point whatever the locale: they are printed as integers.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/number.h"
#include "model/frame_owner.h"
#include "output/formats.h"
#include "output/sink.h"
#include "output/stack_lines.h"
#include "text/words.h"

#define MARGIN	       10
#define TOP	       66 /* of titles and legend */
#define ROW	       17
#define BOX	       16
#define FONT	       12
#define CHARACTER_X100 722 /* how wide one of this font is, in hundredths of a pixel */
#define LEAST_X100     30 /* narrower boxes are left out */
#define LEGEND_PIXELS  110

/* What a box is: a row of looks below. */
enum kind {
	KIND_OWN,
	KIND_LIBRARY,
	KIND_INTERPRETER,
	KIND_KERNEL,
	KIND_CAUSE,
	KIND_WHOSE,
	KIND_NR
};

static const struct look {
	const char *name;
	unsigned char red, green, blue; /* of the lightest */
	unsigned char range; /* how much darker others are */
} looks[KIND_NR] = {
	[KIND_OWN] = { "own code", 255, 160, 60, 45 },
	[KIND_LIBRARY] = { "libraries", 250, 232, 170, 28 },
	[KIND_INTERPRETER] = { "interpreter", 232, 228, 218, 20 },
	[KIND_KERNEL] = { "kernel", 188, 214, 240, 28 },
	[KIND_CAUSE] = { "cause", 240, 170, 178, 30 },
	[KIND_WHOSE] = { "whose it is", 214, 226, 208, 18 },
};

/* An element that the lines since start_ns have in common. */
struct box {
	const char *text; /* of a line, not ended by 0 */
	size_t size;
	enum kind kind;
	uint64_t start_ns;
};

#define DEPTH_MAX (1024 + 16) /* frames, and what is around them */

struct svg {
	const struct profile *profile;
	struct sink *sink;
	struct stack_lines *lines;
	uint64_t width; /* of the boxes */
	uint64_t total_ns;
	size_t rows;
	bool draws; /* else rows are counted */
	int err;
	size_t depth;
	struct box boxes[DEPTH_MAX]; /* those that are open */
};

__attribute__((format(printf, 2, 3))) static void put(struct svg *svg, const char *format, ...)
{
	__freeing char *text = NULL;
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (size < 0) {
		text = NULL;
		svg->err = -ENOMEM;
		return;
	}
	sink_write(svg->sink, text, (size_t)size);
}

/* Text that is harmless to print already; XML has characters of its own, and two that it does not know. */
static void put_text(struct svg *svg, const char *text)
{
	for (; *text; text++) {
		const char *instead = *text == '&'   ? "&amp;"
				      : *text == '<' ? "&lt;"
				      : *text == '>' ? "&gt;"
						     : NULL;

		if (!strncmp(text, "\xef\xbf\xbe", 3) || !strncmp(text, "\xef\xbf\xbf", 3)) {
			instead = "\xef\xbf\xbd";
			text += 2;
		}
		sink_write(svg->sink, instead ? instead : text, instead ? strlen(instead) : 1);
	}
}

/* -- one box -- */

static uint64_t scale(uint64_t part, uint64_t whole, uint64_t to)
{
	return whole ? (uint64_t)((unsigned __int128)part * to / whole) : 0;
}

/* By its name alone, without the line: that moves as code is written. */
static void put_colour(struct svg *svg, const struct box *box)
{
	const struct look *look = &looks[box->kind];
	const char *line = memchr(box->text, ':', box->size);
	size_t size = line ? (size_t)(line - box->text) : box->size;
	unsigned int darker = hash_bytes(HASH_START, box->text, size) % (look->range + 1u);

	put(svg, "#%02x%02x%02x", look->red - darker / 3, look->green - darker,
	    look->blue - darker);
}

/* As much of it as fits. */
static void put_name(struct svg *svg, const char *name, uint64_t x_x100, uint64_t width_x100,
		     uint64_t y)
{
	size_t columns = width_x100 > 400 ? (width_x100 - 400) / CHARACTER_X100 : 0;
	__freeing char *text = strdup(name);

	if (!text) {
		svg->err = -ENOMEM;
		return;
	}
	if (text_width(text) > columns && columns < 5)
		return;
	text_cut_right(text, columns);
	x_x100 += 200;
	put(svg, "<text x=\"%" PRIu64 ".%02" PRIu64 "\" y=\"%" PRIu64 "\">", x_x100 / 100,
	    x_x100 % 100, y);
	put_text(svg, text);
	put(svg, "</text>");
}

static void draw_box(struct svg *svg, const struct box *box, size_t row, uint64_t end_ns)
{
	uint64_t start = scale(box->start_ns, svg->total_ns, svg->width * 100);
	uint64_t width = scale(end_ns, svg->total_ns, svg->width * 100) - start;
	uint64_t ns = end_ns - box->start_ns, x = start + MARGIN * 100;
	uint64_t y = TOP + (svg->rows - 1 - row) * ROW, permille = scale(ns, svg->total_ns, 1000);
	__freeing char *name = strndup(box->text, box->size);
	char duration[DURATION_BYTES];

	if (width < LEAST_X100)
		return;
	if (!svg->draws) {
		svg->rows = row + 1 > svg->rows ? row + 1 : svg->rows;
		return;
	}
	if (!name) {
		svg->err = -ENOMEM;
		return;
	}
	words_duration(ns, duration);
	put(svg, "<g%s><title>", box->kind == KIND_OWN ? " font-weight=\"bold\"" : "");
	put_text(svg, name);
	put(svg, " - %s, %" PRIu64 ".%" PRIu64 " %%</title>", duration, permille / 10,
	    permille % 10);
	put(svg,
	    "<rect x=\"%" PRIu64 ".%02" PRIu64 "\" y=\"%" PRIu64 "\" width=\"%" PRIu64 ".%02" PRIu64
	    "\" height=\"%d\" rx=\"1\" fill=\"",
	    x / 100, x % 100, y, width / 100, width % 100, BOX);
	put_colour(svg, box);
	put(svg, "\"/>");
	put_name(svg, name, x, width, y + FONT);
	put(svg, "</g>\n");
}

/* -- which boxes there are: the lines are sorted, so those of a box follow each other -- */

static void close_boxes(struct svg *svg, size_t depth, uint64_t end_ns)
{
	while (svg->depth > depth) {
		svg->depth--;
		draw_box(svg, &svg->boxes[svg->depth], svg->depth, end_ns);
	}
}

/* The element at this depth: that of the line before, or a box of its own. */
static void step(struct svg *svg, size_t depth, const struct box *box)
{
	struct box *open = &svg->boxes[depth];

	if (depth < svg->depth && open->size == box->size &&
	    !memcmp(open->text, box->text, box->size))
		return;
	close_boxes(svg, depth, box->start_ns);
	*open = *box;
	svg->depth = depth + 1;
}

static enum kind kind_of(const struct svg *svg, uint32_t number)
{
	static const enum kind kinds[] = {
		[FRAME_OF_USER] = KIND_OWN,
		[FRAME_OF_LIBRARY] = KIND_LIBRARY,
		[FRAME_OF_INTERPRETER] = KIND_INTERPRETER,
		[FRAME_OF_KERNEL] = KIND_KERNEL,
	};
	struct frame frame = profile_frame(svg->profile, number);

	return kinds[frame_owner(&frame)];
}

static void add_line(struct svg *svg, const struct stack_line *line, uint64_t start_ns)
{
	size_t depth = 0;

	for (uint32_t part = 0; part <= line->nr + 1 && depth < DEPTH_MAX; part++) {
		const char *text = stack_line_part(line, part);
		bool cause = part > line->nr;
		struct box box = { .kind = cause ? KIND_CAUSE : KIND_WHOSE, .start_ns = start_ns };

		if (part && !cause)
			box.kind = kind_of(svg, line->frames[line->nr - part]);
		while (*text && depth < DEPTH_MAX) {
			box.text = text;
			box.size = strcspn(text, ";");
			step(svg, depth++, &box);
			text += box.size + (text[box.size] == ';');
		}
	}
	close_boxes(svg, depth, start_ns);
}

static void walk(struct svg *svg, bool draws)
{
	uint64_t ns = 0;

	svg->draws = draws;
	svg->depth = 0;
	for (size_t i = 0; i < stack_lines_nr(svg->lines); i++) {
		const struct stack_line *line = stack_lines_at(svg->lines, i);

		add_line(svg, line, ns);
		ns = add_saturated(ns, line->ns);
	}
	close_boxes(svg, 0, ns);
	svg->total_ns = ns;
}

/* -- around them -- */

static void put_legend(struct svg *svg)
{
	for (int kind = 0; kind < KIND_NR; kind++) {
		const struct look *look = &looks[kind];
		int x = MARGIN + kind * LEGEND_PIXELS;

		put(svg,
		    "<rect x=\"%d\" y=\"46\" width=\"11\" height=\"11\" fill=\"#%02x%02x%02x\"/>"
		    "<text x=\"%d\" y=\"56\">%s</text>\n",
		    x, look->red - look->range / 6, look->green - look->range / 2,
		    look->blue - look->range / 2, x + 15, look->name);
	}
}

/* What all of it has in common: "python3[4242]". NULL: more than one process. */
static char *only_process(const struct svg *svg)
{
	size_t nr = stack_lines_nr(svg->lines);
	const char *first = nr ? stack_lines_at(svg->lines, 0)->head : "";
	const char *last = nr ? stack_lines_at(svg->lines, nr - 1)->head : "";
	size_t size = strcspn(first, ";");

	return size && !strncmp(first, last, size + 1) ? strndup(first, size) : NULL;
}

static void put_head(struct svg *svg)
{
	uint64_t height = TOP + svg->rows * ROW + MARGIN, width = svg->width + 2 * MARGIN;
	__freeing char *process = only_process(svg);
	char blocked[DURATION_BYTES], watched[DURATION_BYTES];

	words_duration(svg->total_ns, blocked);
	words_duration(profile_duration_ns(svg->profile), watched);
	put(svg,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%" PRIu64 "\" height=\"%" PRIu64
	    "\" viewBox=\"0 0 %" PRIu64 " %" PRIu64
	    "\" font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"%d\" "
	    "fill=\"#000\">\n<title>blockprof",
	    width, height, width, height, FONT);
	if (process) {
		put(svg, ": ");
		put_text(svg, process);
	}
	put(svg, "</title>\n<rect width=\"%" PRIu64 "\" height=\"%" PRIu64 "\" fill=\"#fff\"/>\n",
	    width, height);
	put(svg, "<text x=\"%d\" y=\"24\" font-size=\"16\" font-weight=\"bold\">", MARGIN);
	if (process)
		put_text(svg, process);
	else
		put(svg, "event loops");
	put(svg, ": %s%s</text>\n", svg->total_ns ? "blocked for " : "",
	    svg->total_ns ? blocked : "nothing was blocked");
	if (profile_duration_ns(svg->profile))
		put(svg, "<text x=\"%d\" y=\"40\" fill=\"#555\">watched for %s</text>\n", MARGIN,
		    watched);
}

static int write_svg(struct profile *profile, struct sink *sink)
{
	__freeing struct svg *svg = calloc(1, sizeof(*svg));
	int err = svg ? stack_lines_new(&svg->lines, profile) : -ENOMEM;

	if (err)
		return err;
	svg->profile = profile;
	svg->sink = sink;
	svg->width = profile_picture_width(profile) - 2 * MARGIN;
	for (size_t i = 0; i < stack_lines_nr(svg->lines); i++)
		svg->total_ns = add_saturated(svg->total_ns, stack_lines_at(svg->lines, i)->ns);
	walk(svg, false);
	put_head(svg);
	put_legend(svg);
	walk(svg, true);
	put(svg, "</svg>\n");
	stack_lines_free(svg->lines);
	return svg->err;
}

static int svg_close(void *state)
{
	return profile_close(state, write_svg);
}

static const char *const suffixes[] = { ".svg", NULL };

const struct output_format output_svg = {
	PROFILE_CALLBACKS,
	.name = "svg",
	.suffixes = suffixes,
	.close = svg_close,
};
