// SPDX-License-Identifier: GPL-2.0-or-later
/* script.c - where the lines of a source end, by the language's own rules. */
#include "runtime/v8/script.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* src/objects/script.tq: fields that no number is exported for, behind the name and line_ends. */
#define LINE_OFFSET_BEHIND_NAME 8
#define ID_BEHIND_LINE_ENDS	8

#define SCRIPTS_MAX 64
#define SOURCE_MAX  (32u << 20) /* characters */
#define LINES_MAX   (1u << 20) /* of one script */
#define KEPT_MAX    (1u << 20) /* of all that are kept: 4 MB */

/* One script. Objects move, and others take their place: all that is compared must be the same. */
struct known {
	uint64_t script;
	uint64_t source;
	uint64_t id;
	uint32_t length;
	uint32_t *ends; /* index of each line's end */
	size_t nr;
	bool unreadable;
	uint64_t used;
};

struct v8_scripts {
	struct known v[SCRIPTS_MAX];
	size_t lines;
	uint64_t uses;
};

int v8_scripts_new(struct v8_scripts **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

static void forget(struct v8_scripts *scripts, struct known *known)
{
	scripts->lines -= known->nr;
	free(known->ends);
	*known = (struct known){ 0 };
}

void v8_scripts_free(struct v8_scripts *scripts)
{
	if (!scripts)
		return;
	for (size_t i = 0; i < SCRIPTS_MAX; i++)
		forget(scripts, &scripts->v[i]);
	free(scripts);
}

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* "file:///srv/my%20app/x.mjs" is "/srv/my app/x.mjs". */
static void to_path(char *name)
{
	static const char scheme[] = "file://";
	char *to = name, *from = name + sizeof(scheme) - 1;

	if (strncmp(name, scheme, sizeof(scheme) - 1) || *from != '/')
		return;
	while (*from) {
		if (from[0] == '%' && isxdigit((unsigned char)from[1]) &&
		    isxdigit((unsigned char)from[2]) && (hex(from[1]) || hex(from[2]))) {
			*to++ = (char)(hex(from[1]) << 4 | hex(from[2]));
			from += 3;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

int v8_script_name(const struct v8_heap *heap, uint64_t script, char *name, size_t size)
{
	uint64_t value;
	int err = v8_is(heap, script, heap->layout.type_script) ? 0 : -EINVAL;

	if (!err)
		err = v8_field(heap, script, heap->layout.script_name, &value);
	if (err)
		return err;
	if (v8_string(heap, value, name, size) || !name[0])
		snprintf(name, size, V8_NO_FILE);
	to_path(name);
	return 0;
}

/* Line ends as they are found in a source. */
struct counting {
	uint32_t *ends;
	size_t nr;
	size_t room;
	uint32_t at;
	bool after_cr;
	bool failed;
};

static bool add_end(struct counting *counting, uint32_t at)
{
	if (counting->nr == counting->room) {
		size_t room = counting->room ? 2 * counting->room : 256;
		uint32_t *ends =
			room <= LINES_MAX ? realloc(counting->ends, room * sizeof(*ends)) : NULL;

		counting->failed = !ends;
		if (!ends)
			return false;
		counting->ends = ends;
		counting->room = room;
	}
	counting->ends[counting->nr++] = at;
	return true;
}

/* ECMA-262, 12.3: CR, LF, CR LF, and two of Unicode. */
static bool count_lines(void *context, const void *chars, size_t nr, unsigned int width)
{
	struct counting *counting = context;
	const unsigned char *bytes = chars;

	for (size_t i = 0; i < nr; i++, counting->at++) {
		uint32_t c = width == 1 ? bytes[i] : bytes[2 * i] | (uint32_t)bytes[2 * i + 1] << 8;
		bool after_cr = counting->after_cr;

		counting->after_cr = c == '\r';
		if (c == '\n' && after_cr)
			counting->ends[counting->nr - 1] = counting->at;
		else if ((c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029) &&
			 !add_end(counting, counting->at))
			return false;
	}
	return true;
}

static void learn(struct v8_scripts *scripts, const struct v8_heap *heap, struct known *known)
{
	struct counting counting = { .nr = 0 };
	int err = v8_string_each(heap, known->source, SOURCE_MAX, count_lines, &counting);

	if (err || counting.failed) {
		free(counting.ends);
		known->unreadable = true;
		return;
	}
	known->ends = counting.ends;
	known->nr = counting.nr;
	scripts->lines += known->nr;
}

/* with_lines: only one that has some. */
static struct known *least_used(struct v8_scripts *scripts, bool with_lines,
				const struct known *but)
{
	struct known *least = NULL;

	for (size_t i = 0; i < SCRIPTS_MAX; i++) {
		struct known *one = &scripts->v[i];

		if (one != but && (!with_lines || one->nr) && (!least || one->used < least->used))
			least = one;
	}
	return least;
}

static const struct known *know(struct v8_scripts *scripts, const struct v8_heap *heap,
				const struct known *wanted)
{
	struct known *known;

	for (size_t i = 0; i < SCRIPTS_MAX; i++) {
		known = &scripts->v[i];
		if (known->used && known->script == wanted->script &&
		    known->source == wanted->source && known->id == wanted->id &&
		    known->length == wanted->length) {
			known->used = ++scripts->uses;
			return known;
		}
	}
	known = least_used(scripts, false, NULL);
	forget(scripts, known);
	*known = *wanted;
	known->used = ++scripts->uses;
	learn(scripts, heap, known);
	while (scripts->lines > KEPT_MAX && scripts->lines > known->nr)
		forget(scripts, least_used(scripts, true, known));
	return known;
}

unsigned int v8_script_line(struct v8_scripts *scripts, const struct v8_heap *heap, uint64_t script,
			    int32_t offset)
{
	const struct v8_layout *layout = &heap->layout;
	struct known wanted = { .script = script };
	const struct known *known;
	uint64_t line_offset;
	int32_t first = 0;
	size_t low = 0, high;

	if (!v8_is(heap, script, layout->type_script) ||
	    v8_field(heap, script, layout->script_source, &wanted.source) ||
	    v8_field(heap, script, layout->script_line_ends + ID_BEHIND_LINE_ENDS, &wanted.id) ||
	    v8_field(heap, script, layout->script_name + LINE_OFFSET_BEHIND_NAME, &line_offset) ||
	    v8_smi(line_offset, &first) || !v8_is_string(heap, wanted.source) ||
	    v8_string_length(heap, wanted.source, &wanted.length) || offset < 0 ||
	    (uint32_t)offset > wanted.length)
		return 0;
	known = know(scripts, heap, &wanted);
	if (known->unreadable)
		return 0;
	high = known->nr;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (known->ends[middle] < (uint32_t)offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (first < 0 || (uint64_t)(uint32_t)first + low >= INT32_MAX)
		return 0;
	return (unsigned int)first + (unsigned int)low + 1;
}
