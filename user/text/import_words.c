// SPDX-License-Identifier: GPL-2.0-or-later
/* import_words.c - how Python's imports look on a stack, and which file is which module. */
#include "text/import_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/strings.h"
#include "model/place.h"

/* What stands before the first part of a module's name in the path of its file; the innermost of them. */
static const char *below_library(const char *file)
{
	static const char *const places[] = { "/site-packages/", "/dist-packages/",
					      "/lib-dynload/" };
	const char *at;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if ((at = strstr(file, places[i])))
			return at + strlen(places[i]);
	at = strstr(file, "/python3.");
	at = at ? strchr(at + 1, '/') : NULL;
	return at ? at + 1 : base_name(file);
}

/* "/usr/lib/python3/dist-packages/sqlalchemy/orm/__init__.py": "sqlalchemy.orm" */
static char *module_of(const char *file)
{
	char *name = escape_text(below_library(file));
	size_t length = name ? strlen(name) : 0;

	if (!name)
		return NULL;
	if (ends_with(name, ".py"))
		name[length - 3] = '\0';
	if (ends_with(name, "/__init__"))
		name[strlen(name) - strlen("/__init__")] = '\0';
	for (char *c = name; *c; c++)
		if (*c == '/')
			*c = '.';
	return name;
}

static bool is_importer(const struct frame *frame)
{
	return frame->kind == FRAME_PYTHON && frame->file &&
	       starts_with(frame->file, "<frozen importlib.");
}

/* The position of the first frame inside of the place that is Python's machinery of imports; -1: there is none. */
static int importer(const struct stack *stack)
{
	const struct frame *place = place_of(stack);

	if (!place || place->kind != FRAME_PYTHON)
		return -1;
	for (int i = (int)(place - stack->frames); i-- > 0;)
		if (is_importer(&stack->frames[i]))
			return i;
	return -1;
}

bool import_runs(const struct stack *stack)
{
	return importer(stack) >= 0;
}

/* The code of a module is freed once it has run: its frame may have lost its name by then. */
char *import_words(const struct stack *stack)
{
	for (int i = importer(stack); i >= 0; i--) {
		const struct frame *frame = &stack->frames[i];

		if (frame->kind == FRAME_PYTHON && frame->file &&
		    strcmp(frame->fn, "<module>") == 0)
			return module_of(frame->file);
	}
	return strdup("");
}
