// SPDX-License-Identifier: GPL-2.0-or-later
/* symbol.c - what a frame is called where its code has no name, or was made at run time. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strings.h"
#include "symbol/jit.h"
#include "symbol/kernel.h"
#include "symbol/private.h"
#include "symbol/vdso.h"

static const char *made_up_name(struct symbols *symbols, const char *module, uint64_t offset)
{
	const char *base = strrchr(module, '/');

	base = base ? base + 1 : module;
	snprintf(symbols->text, sizeof(symbols->text), "%.*s+0x%llx", NAME_MAX, base,
		 (unsigned long long)offset);
	return symbols->text;
}

static void fill_in(struct symbols *symbols, const struct place_info *known, struct symbol *out)
{
	const struct symbol_line *own = known->nr_lines ? &known->lines[known->nr_lines - 1] : NULL;

	out->after_call = known->after_call;
	if (own) {
		out->file = own->file;
		out->line = own->line;
		out->inlined = known->lines;
		out->nr_inlined = known->nr_lines - 1;
	}
	if (own && own->fn[0]) {
		out->fn = own->fn;
		out->offset = known->symbol_offset;
	} else {
		out->fn = made_up_name(symbols, out->module, known->vaddr);
	}
}

/*
 * Can code have been put there at run time? .NET and some others write it through
 * a second mapping, of a memfd.
 */
static bool is_for_jit(const struct location *location)
{
	const char *path = maps_path(location->maps, location->mapping);

	if (!location->mapping->ino)
		return !path[0] || starts_with(path, "[anon") || path[0] == '/';
	return starts_with(path, "/memfd:") || !strcmp(path, "/dev/zero");
}

/* The name of code made at run time. */
static bool name_jit(struct symbols *symbols, const struct location *location, struct symbol *out)
{
	const char *name;

	if (!is_for_jit(location))
		return false;
	name = jit_name(symbols->jit, location->pid, location->addr - (location->is_return ? 1 : 0),
			&out->offset);
	blame_ended(symbols);
	if (!name)
		return false;
	out->fn = name;
	out->jit = 1;
	/* HotSpot's interpreter puts addresses there to be returned to that no call is before. */
	out->after_call = 1;
	return true;
}

static int name_user(struct symbols *symbols, pid_t pid, uint64_t addr, int is_return, bool lines,
		     struct symbol *out)
{
	struct location location __closing_location = { .opened = FILE_NOT_OPENED };
	struct place_info known;
	bool found;

	*out = (struct symbol){ .fn = "[unknown]" };
	ask_renew_files(symbols);
	location = location_at(symbols, pid, addr, is_return);
	if (!location.mapping)
		return -ENOENT;
	out->module = maps_path(location.maps, location.mapping);
	if (!out->module[0])
		out->module = "[anon]";
	out->in_text = location.mapping->executable;
	if (out->in_text && name_jit(symbols, &location, out))
		return 0;
	found = out->in_text && lookup(symbols, &location, lines, &known);
	if (found || location.mapping->ino)
		out->file_offset = location_offset(&location) - (is_return ? 1 : 0);
	if (location.file && location.file->build_id[0])
		out->build_id = location.file->build_id;
	if (found) {
		fill_in(symbols, &known, out);
		return 0;
	}
	out->fn = made_up_name(symbols, out->module, location_offset(&location));
	out->after_call = out->in_text && (location.mapping->ino || is_return == SYMBOL_UNWOUND ||
					   location_after_call(symbols, &location, addr));
	return 0;
}

int symbols_user(struct symbols *symbols, pid_t pid, uint64_t addr, int is_return,
		 struct symbol *out)
{
	return name_user(symbols, pid, addr, is_return, true, out);
}

int symbols_function(struct symbols *symbols, pid_t pid, uint64_t addr, int is_return,
		     struct symbol *out)
{
	return name_user(symbols, pid, addr, is_return, false, out);
}

int symbols_place(struct symbols *symbols, pid_t pid, uint64_t addr, int is_return,
		  struct symbol *out)
{
	struct location location __closing_location = location_at(symbols, pid, addr, is_return);

	*out = (struct symbol){ .fn = "[unknown]" };
	if (!location.mapping)
		return -ENOENT;
	out->module = maps_path(location.maps, location.mapping);
	out->in_text = location.mapping->executable;
	out->after_call = out->in_text && location_after_call(symbols, &location, addr);
	return 0;
}

void note_process(struct noted *noted, pid_t pid)
{
	if (noted->nr && noted->v[(noted->nr - 1) % SYMBOLS_NOTED] == pid)
		return;
	noted->v[noted->nr++ % SYMBOLS_NOTED] = pid;
}

static pid_t next_noted(struct noted *noted)
{
	if (noted->nr - noted->taken > SYMBOLS_NOTED)
		noted->taken = noted->nr - SYMBOLS_NOTED;
	return noted->taken == noted->nr ? 0 : noted->v[noted->taken++ % SYMBOLS_NOTED];
}

static bool is_noted(const struct noted *noted, pid_t pid)
{
	for (size_t i = 0; i < SYMBOLS_NOTED && i < noted->nr; i++)
		if (noted->v[i] == pid)
			return true;
	return false;
}

pid_t symbols_next_closed(struct symbols *symbols)
{
	return next_noted(&symbols->closed);
}

pid_t symbols_next_late(struct symbols *symbols)
{
	lend_note_stuck(symbols);
	return next_noted(&symbols->late);
}

bool symbols_is_closed(const struct symbols *symbols, pid_t pid)
{
	return is_noted(&symbols->closed, pid);
}

bool symbols_is_late(struct symbols *symbols, pid_t pid)
{
	lend_note_stuck(symbols);
	return is_noted(&symbols->late, pid);
}

void symbols_forget(struct symbols *symbols, pid_t pid)
{
	maps_cache_forget(symbols->spaces, pid);
	jit_forget(symbols->jit, pid);
}

void symbols_kernel(struct symbols *symbols, uint64_t addr, struct symbol *out)
{
	struct kernel_symbol found;

	*out = (struct symbol){ .fn = "[unknown]" };
	if (!symbols->kernel_asked) {
		symbols->kernel_asked = true;
		if (kernel_symbols_read(&symbols->kernel, "/proc/kallsyms"))
			symbols->kernel = NULL;
	}
	if (!symbols->kernel || kernel_symbols_find(symbols->kernel, addr, &found))
		return;
	out->fn = found.name;
	out->module = found.module;
	out->offset = found.offset;
	out->in_text = 1;
	/* The kernel unwinds itself and gives no garbage. */
	out->after_call = 1;
}

const char *symbols_mapped_path(struct symbols *symbols, pid_t pid, uint64_t addr)
{
	struct maps *maps;
	struct mapping *mapping = maps_cache_find(symbols->spaces, pid, addr, &maps);
	const char *path = mapping ? maps_path(maps, mapping) : "";

	return path[0] == '/' ? path : NULL;
}

void symbols_precedence(struct symbols *symbols, struct precedence *precedence)
{
	askers_precedence(symbols->askers, precedence);
}

void symbols_meanwhile(struct symbols *symbols, struct meanwhile meanwhile)
{
	for (size_t i = 0; i < ASKERS_CLIENTS; i++)
		client_meanwhile(askers_each(symbols->askers, i), meanwhile);
	client_meanwhile(symbols->aside, meanwhile);
}

void symbols_counts(const struct symbols *symbols, struct symbols_counts *out)
{
	struct jit_counts jit;

	jit_counts(symbols->jit, &jit);
	*out = (struct symbols_counts){
		.files_refused = symbols->files_refused,
		.lookups_failed = symbols->lookups_failed + jit.failed,
		.lines_left_out = symbols->lines_left_out,
		.maps_cut = maps_cache_cut(symbols->spaces),
		.perf_maps_refused = jit.maps_refused,
		.perf_map_lines_cut = jit.lines_cut,
	};
	for (size_t i = 0; i < ASKERS_CLIENTS; i++)
		out->child_restarts += client_restarts(askers_each(symbols->askers, i));
	out->child_restarts += client_restarts(symbols->aside);
}

int symbols_new(struct symbols **out, zygote_child_fn *child, struct memory_source *memory)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));
	int err;

	if (!symbols)
		return -ENOMEM;
	symbols->memory = memory;
	symbols->vdso_fd = -1;
	if (getrandom(&symbols->secret, sizeof(symbols->secret), 0) != sizeof(symbols->secret))
		symbols->secret = clock_coarse_ns();
	/* First: the child inherits what memory there is. */
	err = askers_new(&symbols->askers, child, memory);
	if (!err)
		err = client_new(&symbols->aside, child, memory, CLIENT_ASIDE);
	if (!err)
		err = maps_cache_new(&symbols->spaces, memory);
	if (!err)
		err = files_new(&symbols->files);
	if (!err)
		err = place_cache_new(&symbols->places);
	if (!err)
		err = jit_new(&symbols->jit, symbols->askers, memory);
	if (err) {
		symbols_free(symbols);
		return err;
	}
	symbols->vdso_fd = vdso_open();
	*out = symbols;
	return 0;
}

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	askers_free(symbols->askers);
	client_free(symbols->aside);
	maps_cache_free(symbols->spaces);
	files_free(symbols->files);
	place_cache_free(symbols->places);
	jit_free(symbols->jit);
	kernel_symbols_free(symbols->kernel);
	if (symbols->vdso_fd >= 0)
		close(symbols->vdso_fd);
	free(symbols);
}
