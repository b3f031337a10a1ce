// SPDX-License-Identifier: GPL-2.0-or-later
/* folded_line.c - which suffix a frame has by its kind, and what of a stack is left out. */
#include "output/folded_line.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/strings.h"
#include "model/frame_owner.h"

int folded_name(FILE *line, const char *name)
{
	__freeing char *escaped = escape_text(*name ? name : "[unknown]");

	if (!escaped)
		return -ENOMEM;
	for (char *c = escaped; *c; c++)
		if (*c == ';')
			*c = ':';
	fputs(escaped, line);
	return 0;
}

int folded_frame(FILE *line, const struct frame *frame, bool line_number)
{
	int err = folded_name(line, frame->fn);

	switch (frame->kind) {
	case FRAME_KERNEL:
		fputs("_[k]", line);
		break;
	case FRAME_JIT:
		fputs("_[j]", line);
		break;
	case FRAME_PYTHON:
	case FRAME_JS:
		if (!frame->file)
			break;
		fputs(" (", line);
		err |= folded_name(line, base_name(frame->file));
		if (line_number && frame->line)
			fprintf(line, ":%u", frame->line);
		fputc(')', line);
		break;
	default:
		if (frame->inlined)
			fputs("_[i]", line);
		break;
	}
	fputc(';', line);
	return err;
}

int folded_stack(FILE *line, const struct stack *stack, bool line_numbers)
{
	int err = 0;

	if (stack && stack->cut)
		fputs("[cut];", line);
	for (unsigned int i = stack ? stack->nr : 0; i-- > 0;) {
		if (stack->has_python && frame_is_plumbing(&stack->frames[i]))
			continue;
		err |= folded_frame(line, &stack->frames[i], line_numbers);
	}
	return err;
}
