// SPDX-License-Identifier: GPL-2.0-or-later
/* program.c - what an executable and its mapped files say of the program. */
#include "runtime/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"
#include "proc/go_between.h"
#include "proc/maps.h"
#include "proc/process.h"
#include "symbol/symbol.h"

#define LIBRARIES_MAX 512
#define PATH_BYTES    512
/* The C library's functions for waits have small frames; */
#define STACK_BYTES 512
/* others that end in one have larger ones. */
#define DEEP_BYTES (16u << 10)
#define DEEP_TIMES (DEEP_BYTES / STACK_BYTES)
/* A deep stack of a program with a user interface. */
#define CALLS_BYTES (64u << 10)
#define CALLS_ASKED 256 /* words of one stack that are asked about */
#define CALLS_SCANS 256 /* stacks of one program */
#define CODES_FEW   16
#define CODES_MAX   2048
/* User addresses: below vm.mmap_min_addr's default, beyond 5-level paging. */
#define ADDR_MIN 0x10000ULL
#define ADDR_MAX (1ULL << 56)

/* A mapping with code. */
struct code {
	uint64_t start;
	uint64_t end;
	const char *path; /* "" for the executable's; else that of a library */
};

struct program {
	struct memory memory;
	struct symbols *symbols;
	char *exe; /* path; NULL: not known */
	uint64_t exe_addr; /* in a mapping of it; 0: none found */
	bool asked;
	struct program_functions functions;
	uint64_t defined; /* of those */
	char *libraries[LIBRARIES_MAX]; /* paths of what else is mapped with code */
	size_t nr;
	struct code *codes; /* by address */
	size_t nr_codes;
	size_t codes_room;
	unsigned int scans;
	char caller[PATH_BYTES];
	/* While it is held: of which stack the caller has been found, and which it is. */
	bool held;
	uint64_t held_sp; /* 0: of none yet */
	const char *held_caller;
};

static const char *add_library(struct program *program, const char *path)
{
	if (program->nr && !strcmp(program->libraries[program->nr - 1], path))
		return program->libraries[program->nr - 1];
	if (program->nr == LIBRARIES_MAX)
		return NULL;
	program->libraries[program->nr] = strdup(path);
	if (!program->libraries[program->nr])
		return NULL;
	return program->libraries[program->nr++];
}

static void add_code(struct program *program, const struct mapping *mapping, const char *path)
{
	size_t room = program->codes_room ? 2 * program->codes_room : CODES_FEW;
	struct code *codes;

	if (!path || program->nr_codes == CODES_MAX)
		return;
	if (program->nr_codes == program->codes_room) {
		codes = realloc(program->codes, room * sizeof(*codes));
		if (!codes)
			return;
		program->codes = codes;
		program->codes_room = room;
	}
	program->codes[program->nr_codes++] = (struct code){ mapping->start, mapping->end, path };
}

static void note_mapping(void *context, const struct mapping *mapping, const char *path)
{
	struct program *program = context;

	if (!mapping->executable || !mapping->ino || path[0] != '/')
		return;
	if (program->exe && !strcmp(base_name(path), base_name(program->exe))) {
		if (!program->exe_addr)
			program->exe_addr = mapping->start;
		add_code(program, mapping, "");
		return;
	}
	add_code(program, mapping, add_library(program, path));
}

int program_new(struct program **out, const struct memory *memory, struct symbols *symbols,
		const struct program_functions *functions)
{
	struct program *program = calloc(1, sizeof(*program));
	struct maps *maps;
	int err;

	if (!program)
		return -ENOMEM;
	program->memory = *memory;
	program->symbols = symbols;
	program->functions = *functions;
	program->exe = process_exe(memory->pid);
	err = maps_read(&maps, memory);
	if (err) {
		program_free(program);
		return err;
	}
	maps_each(maps, note_mapping, program);
	maps_free(maps);
	*out = program;
	return 0;
}

void program_free(struct program *program)
{
	if (!program)
		return;
	while (program->nr)
		free(program->libraries[--program->nr]);
	free(program->codes);
	free(program->exe);
	free(program);
}

bool program_is(const struct program *program, const char *const *names)
{
	for (; program && program->exe && *names; names++) {
		const char *name = base_name(program->exe);
		size_t length = strlen(*names);

		if (!strncmp(name, *names, length) &&
		    !name[length + strspn(name + length, "0123456789.")])
			return true;
	}
	return false;
}

bool program_defines(struct program *program, const char *function)
{
	const struct program_functions *functions;

	if (!program || !program->exe_addr)
		return false;
	functions = &program->functions;
	if (!program->asked) {
		struct symbols_names names = { functions->names, functions->nr };

		int err = symbols_defined(program->symbols, program->memory.pid, program->exe_addr,
					  &names, &program->defined);

		program->asked = err != -EBUSY;
		if (err)
			program->defined = 0;
	}
	for (size_t i = 0; i < functions->nr; i++)
		if (!strcmp(functions->names[i], function))
			return program->defined >> i & 1;
	return false;
}

const char *program_library(const struct program *program, const char *prefix)
{
	for (size_t i = 0; program && i < program->nr; i++)
		if (starts_with(base_name(program->libraries[i]), prefix))
			return program->libraries[i];
	return NULL;
}

/* NULL, "" for the program itself, or program->caller. between: whether the C library is on that part of the stack. */
static const char *find_in(struct program *program, const uint64_t *words, size_t nr, bool *between)
{
	for (size_t i = 0; i < nr; i++) {
		struct symbol symbol;

		if (words[i] < ADDR_MIN || words[i] >= ADDR_MAX ||
		    symbols_place(program->symbols, program->memory.pid, words[i], 1, &symbol) ||
		    !symbol.in_text || !symbol.after_call)
			continue;
		if (is_go_between(symbol.module)) {
			*between = true;
			continue;
		}
		if (!strcmp(base_name(symbol.module), base_name(program->exe)))
			return "";
		snprintf(program->caller, sizeof(program->caller), "%s", symbol.module);
		return program->caller;
	}
	return NULL;
}

/* Some calls of the C library are deep: getaddrinfo() has buffers for the answers on its stack. */
static const char *find_caller(struct program *program, uint64_t sp)
{
	uint64_t *words __freeing = malloc(DEEP_BYTES);
	const char *caller = NULL;
	bool between = false;
	ssize_t got;

	for (size_t bytes = STACK_BYTES; words && bytes <= DEEP_BYTES; bytes *= DEEP_TIMES) {
		got = memory_read_most(&program->memory, sp, words, bytes);
		if (got > 0)
			caller = find_in(program, words, (size_t)got / sizeof(*words), &between);
		if (caller || !between)
			break;
	}
	return caller;
}

const char *program_caller(struct program *program, uint64_t sp)
{
	const char *caller;

	if (!program || !program->exe || !sp || sp % sizeof(uint64_t))
		return NULL;
	if (program->held && program->held_sp == sp)
		return program->held_caller;
	caller = find_caller(program, sp);
	program->held_sp = sp;
	program->held_caller = caller;
	return caller;
}

void program_hold(struct program *program, bool held)
{
	if (!program)
		return;
	program->held = held;
	program->held_sp = 0;
}

static const struct code *code_at(const struct program *program, uint64_t addr)
{
	size_t from = 0, to = program->nr_codes;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const struct code *code = &program->codes[middle];

		/* a return address may be the first one behind the code */
		if (addr > code->start && addr <= code->end)
			return code;
		if (addr <= code->start)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

static bool is_wanted(const struct code *code, const struct program_functions_in *in)
{
	if (!code)
		return false;
	if (!code->path[0])
		return in->executable;
	for (const char *const *prefix = in->libraries; prefix && *prefix; prefix++)
		if (starts_with(base_name(code->path), *prefix))
			return true;
	return false;
}

/* The name as far as its arguments, or what a compiler puts behind it. */
static bool is_called(const char *name, const char *function)
{
	size_t length = strlen(function);

	return !strncmp(name, function, length) && strchr("(<[.@", name[length]);
}

static int which_of(const struct symbol *symbol, const char *const *functions)
{
	for (int i = 0; functions[i]; i++) {
		if (is_called(symbol->fn, functions[i]))
			return i;
		for (size_t k = 0; k < symbol->nr_inlined; k++)
			if (is_called(symbol->inlined[k].fn, functions[i]))
				return i;
	}
	return -1;
}

size_t program_calls(struct program *program, uint64_t sp, const struct program_functions_in *in,
		     int *calls, size_t max)
{
	uint64_t *words __freeing = NULL;
	unsigned int asked = 0;
	size_t nr = 0;
	ssize_t got;

	if (!program || !sp || sp % sizeof(*words) || program->scans >= CALLS_SCANS)
		return 0;
	program->scans++;
	words = malloc(CALLS_BYTES);
	/* it may end before that */
	got = words ? memory_read_most(&program->memory, sp, words, CALLS_BYTES) : -ENOMEM;
	for (ssize_t i = 0; i < got / (ssize_t)sizeof(*words) && asked < CALLS_ASKED && nr < max;
	     i++) {
		struct symbol symbol;

		if (!is_wanted(code_at(program, words[i]), in) ||
		    symbols_place(program->symbols, program->memory.pid, words[i], 1, &symbol) ||
		    !symbol.in_text || !symbol.after_call)
			continue;
		asked++;
		/* of a library it is a function that others call, which stands there under its name */
		if (code_at(program, words[i])->path[0])
			symbols_function(program->symbols, program->memory.pid, words[i], 1,
					 &symbol);
		else
			symbols_user(program->symbols, program->memory.pid, words[i], 1, &symbol);
		calls[nr] = which_of(&symbol, in->functions);
		nr += calls[nr] >= 0;
	}
	return nr;
}

int program_word(struct program *program, const char *text, char *word, size_t size)
{
	if (!program || !program->exe_addr)
		return -ENOENT;
	return symbols_version(program->symbols, program->memory.pid, program->exe_addr, text, word,
			       size);
}
