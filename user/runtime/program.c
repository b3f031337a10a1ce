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
#include "proc/maps.h"
#include "proc/process.h"
#include "symbol/symbol.h"

#define LIBRARIES_MAX 512
#define PATH_BYTES    512
/* The C library's functions for waits have small frames. */
#define STACK_WORDS 64
/* User addresses: below vm.mmap_min_addr's default, beyond 5-level paging. */
#define ADDR_MIN 0x10000ULL
#define ADDR_MAX (1ULL << 56)

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
	char caller[PATH_BYTES];
};

static void add_library(struct program *program, const char *path)
{
	if (program->nr == LIBRARIES_MAX ||
	    (program->nr && !strcmp(program->libraries[program->nr - 1], path)))
		return;
	program->libraries[program->nr] = strdup(path);
	program->nr += program->libraries[program->nr] != NULL;
}

static void note_mapping(void *context, const struct mapping *mapping, const char *path)
{
	struct program *program = context;

	if (!mapping->executable || !mapping->ino || path[0] != '/')
		return;
	if (program->exe && !strcmp(base_name(path), base_name(program->exe))) {
		if (!program->exe_addr)
			program->exe_addr = mapping->start;
		return;
	}
	add_library(program, path);
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
	err = maps_read(&maps, memory->pid);
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
	free(program->exe);
	free(program);
}

bool program_is(const struct program *program, const char *const *names)
{
	for (; program && program->exe && *names; names++)
		if (!strcmp(base_name(program->exe), *names))
			return true;
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

		program->asked = true;
		if (symbols_defined(program->symbols, program->memory.pid, program->exe_addr,
				    &names, &program->defined))
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

/* What stands between a loop's code and the system call. */
static bool is_go_between(const char *path)
{
	static const char *const prefixes[] = { "libc.so",     "libc-",	     "libpthread", "ld-",
						"ld.so",       "libasan.so", "libtsan.so", "[vdso]",
						"liburing.so", "ld-musl-",   "libc.musl" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (starts_with(base_name(path), prefixes[i]))
			return true;
	return false;
}

const char *program_caller(struct program *program, uint64_t sp)
{
	uint64_t words[STACK_WORDS];
	ssize_t got;

	if (!program || !program->exe || !sp || sp % sizeof(*words))
		return NULL;
	got = memory_read_most(&program->memory, sp, words, sizeof(words));
	for (ssize_t i = 0; i < got / (ssize_t)sizeof(*words); i++) {
		struct symbol symbol;

		if (words[i] < ADDR_MIN || words[i] >= ADDR_MAX ||
		    symbols_place(program->symbols, program->memory.pid, words[i], 1, &symbol) ||
		    !symbol.in_text || !symbol.after_call || is_go_between(symbol.module))
			continue;
		if (!strcmp(base_name(symbol.module), base_name(program->exe)))
			return "";
		snprintf(program->caller, sizeof(program->caller), "%s", symbol.module);
		return program->caller;
	}
	return NULL;
}

int program_word(struct program *program, const char *text, char *word, size_t size)
{
	if (!program || !program->exe_addr)
		return -ENOENT;
	return symbols_version(program->symbols, program->memory.pid, program->exe_addr, text, word,
			       size);
}
