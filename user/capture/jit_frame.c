// SPDX-License-Identifier: GPL-2.0-or-later
/* jit_frame.c - what the names that makers of code give their functions in perf maps mean. */
#include "capture/jit_frame.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/strings.h"

#define LINE_MAX_DIGITS 9

static void copy(char to[JIT_FRAME_BYTES], const char *from, size_t length)
{
	snprintf(to, JIT_FRAME_BYTES, "%.*s", (int)length, from);
}

/* Takes ":12" off the end of a text; false: there is no such number. */
static bool take_number(const char *text, size_t *length, unsigned int *number)
{
	size_t at = *length;
	unsigned int value = 0;

	while (at && isdigit((unsigned char)text[at - 1]) && *length - at < LINE_MAX_DIGITS)
		at--;
	if (!at || at == *length || text[at - 1] != ':')
		return false;
	for (size_t i = at; i < *length; i++)
		value = value * 10 + (unsigned int)(text[i] - '0');
	*length = at - 1;
	*number = value;
	return true;
}

/* Where the script's name begins: functions' names have spaces as well ("get size"). */
static const char *find_script(const char *text)
{
	static const char *const begins[] = { " /", " node:", " file:", " internal/",
					      " evalmachine." };
	const char *found = NULL;

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		const char *at = strstr(text, begins[i]);

		if (at && (!found || at < found))
			found = at;
	}
	return found ? found : strrchr(text, ' ');
}

/* "*sell /srv/shop.js:3:18", with a mark of how it was compiled (V8's CodeKindToMarker()). */
static void split_js(const char *text, struct jit_frame *out)
{
	const char *script;
	unsigned int column;
	size_t length;

	out->kind = FRAME_JS;
	text += strspn(text, "~^+*'");
	script = find_script(text);
	if (!script) {
		copy(out->fn, text, strlen(text));
		return;
	}
	copy(out->fn, text, (size_t)(script - text));
	length = strlen(++script);
	if (take_number(script, &length, &out->line)) {
		column = out->line;
		/* of two numbers the first is the line */
		if (!take_number(script, &length, &out->line))
			out->line = column;
	}
	copy(out->file, script, length);
	if (!out->fn[0])
		copy(out->fn, "<anonymous>", strlen("<anonymous>"));
}

static bool is_js(const char *name, struct jit_frame *out)
{
	static const char *const kinds[] = { "JS:", "LazyCompile:", "Function:", "Script:",
					     "Eval:" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (starts_with(name, kinds[i])) {
			split_js(name + strlen(kinds[i]), out);
			return true;
		}
	if (!starts_with(name, "RegExp:") && !starts_with(name, "Builtin:"))
		return false;
	out->kind = FRAME_JS;
	copy(out->fn, name, strlen(name));
	return true;
}

/* CPython: Python/perf_trampoline.c */
static bool is_python(const char *name, struct jit_frame *out)
{
	const char *colon;

	if (!starts_with(name, "py::"))
		return false;
	name += strlen("py::");
	colon = strchr(name, ':');
	if (!colon || colon == name)
		return false;
	out->kind = FRAME_PYTHON;
	copy(out->fn, name, (size_t)(colon - name));
	copy(out->file, colon + 1, strlen(colon + 1));
	return true;
}

/* LuaJIT: lj_trace.c, with LUAJIT_USE_PERFTOOLS */
static bool is_lua(const char *name, struct jit_frame *out)
{
	size_t digits, length;
	const char *rest;

	if (!starts_with(name, "TRACE_"))
		return false;
	digits = strspn(name + strlen("TRACE_"), "0123456789");
	rest = name + strlen("TRACE_") + digits;
	if (!digits || !starts_with(rest, "::"))
		return false;
	copy(out->fn, name, (size_t)(rest - name));
	rest += 2;
	length = strlen(rest);
	take_number(rest, &length, &out->line);
	copy(out->file, rest, length);
	return true;
}

/*
 * "int Shop.sell(java.lang.String)", "void [shop] Shop::Sell(int32)[Tier0]": what is
 * between the type and the parameters, which fill the line.
 */
static bool is_signature(const char *name, struct jit_frame *out)
{
	const char *end = strchr(name, '('), *start = end;

	while (start && start > name && start[-1] != ' ')
		start--;
	if (!start || start == name || start == end)
		return false;
	copy(out->fn, start, (size_t)(end - start));
	return strchr(out->fn, '.') || strstr(out->fn, "::");
}

/* "LShop;::sell", as agents of a Java virtual machine that ask it for names write them. */
static bool is_java_class(const char *name, struct jit_frame *out)
{
	const char *end = strstr(name, ";::");

	if (name[0] != 'L' || !end)
		return false;
	snprintf(out->fn, sizeof(out->fn), "%.*s.%s", (int)(end - name - 1), name + 1,
		 end + strlen(";::"));
	for (size_t i = 0; out->fn[i] && i < (size_t)(end - name - 1); i++)
		if (out->fn[i] == '/')
			out->fn[i] = '.';
	return true;
}

void jit_frame_split(const char *name, struct jit_frame *out)
{
	*out = (struct jit_frame){ .kind = FRAME_JIT };
	if (is_js(name, out) || is_python(name, out) || is_lua(name, out) ||
	    is_signature(name, out) || is_java_class(name, out))
		return;
	copy(out->fn, name, strlen(name));
}
