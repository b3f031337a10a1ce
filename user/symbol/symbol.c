// SPDX-License-Identifier: GPL-2.0-or-later
/* symbol.c - addresses to names: which mapping, which file, then what the child says of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strings.h"
#include "symbol/answers.h"
#include "symbol/debug_files.h"
#include "symbol/jit.h"
#include "symbol/kernel.h"
#include "symbol/spot.h"
#include "symbol/vdso.h"
#include "symbol/wire/debug_file.h"

/*
 * The functions that an answer names, which stay where the answer is; how many,
 * or -EPROTO: it makes no sense.
 */
static int read_lines(const struct answer_symbol *answer, struct symbol_line *lines)
{
	const char *at = answer->text, *end = at + answer->text_bytes;

	/* The text ends with a NUL: so does each string that begins in it. */
	for (uint32_t i = 0; i < answer->nr_lines; i++) {
		const char *fn = at, *file = at < end ? at + strlen(at) + 1 : end;

		if (file >= end)
			return -EPROTO;
		at = file + strlen(file) + 1;
		lines[i] = (struct symbol_line){
			.fn = fn,
			.file = file[0] ? file : NULL,
			.line = answer->lines[i],
		};
	}
	return (int)answer->nr_lines;
}

/*
 * Sends what may be a file that belongs to this one. 0: it is; -ENOKEY: it is not,
 * or cannot be used; else as client_ask(): not known.
 */
static int attach(struct symbols *symbols, struct file *file, enum debug_file which, int fd)
{
	struct request request = {
		.kind = REQUEST_ATTACH,
		.file = file->id,
		.attach = { .which = which },
	};
	struct answer answer;
	int err = spot_ask_client(symbols, &request, fd, &answer);

	if (err == -EPIPE || err == -EPROTO) {
		/* That file is bad, not the one that it is said to belong to. */
		symbols->files_refused++;
		file->generation = 0;
		return -ENOKEY;
	}
	return !err && answer.error ? -ENOKEY : err;
}

/*
 * Looks for the files that belong to this one and that the child is without. True:
 * it has got another one, and may have more to say.
 */
static bool attach_missing(struct symbols *symbols, const struct spot *spot, struct file *file,
			   unsigned int wants)
{
	enum debug_file which =
		wants & DEBUG_FILE_OWN & ~file->absent ? DEBUG_FILE_OWN : DEBUG_FILE_SHARED;
	struct request request = { .kind = REQUEST_LINKS, .file = file->id };
	const struct answer_link *link;
	struct debug_wanted wanted = { .pid = spot->pid,
				       .path = maps_path(spot->maps, spot->mapping) };
	struct answer answer;

	if (!(wants & which & ~file->absent) || spot_ask_client(symbols, &request, -1, &answer) ||
	    answer.error)
		return false;
	file->absent |= which;
	link = which == DEBUG_FILE_OWN ? &answer.links.own : &answer.links.shared;
	wanted.id = link->id;
	wanted.name = link->name;
	for (unsigned int i = 0; !file->refused; i++) {
		int fd __closing = debug_files_open(&wanted, i);
		int err = fd >= 0 ? attach(symbols, file, which, fd) : fd;

		if (err == -ERANGE)
			break;
		if (err == -ENOENT || err == -ENOKEY)
			continue;
		/* It has come, or is looked for again. */
		file->absent &= ~which;
		return !err;
	}
	return false;
}

/*
 * Asks what is at the spot, and for the files that are needed to say it, of which
 * without lines there may be one. 0 or as ask().
 */
static int ask_symbol(struct symbols *symbols, const struct spot *spot, struct file *file, int fd,
		      bool lines, struct answer *answer)
{
	struct request request = {
		.kind = REQUEST_SYMBOL,
		.symbol = {
			.offset = spot_offset(spot),
			.is_return = spot->is_return,
			.without_lines = !lines,
		},
	};
	int err = spot_ask(symbols, spot, file, fd, &request, answer);

	/* The debug file, and the one that it shares with others. */
	for (int i = 0;
	     i < 1 + lines && !err && attach_missing(symbols, spot, file, answer->symbol.wants);
	     i++)
		err = spot_ask(symbols, spot, file, fd, &request, answer);
	return err;
}

void spot_send_debug(struct symbols *symbols, const struct spot *spot, struct file *file)
{
	struct answer answer;

	ask_symbol(symbols, spot, file, -1, false, &answer);
}

/* Learns what is to be known of the spot; false: nothing. */
static bool know(struct symbols *symbols, const struct spot *spot, struct known *known)
{
	int fd __closing = -1;
	struct file *file = spot_file(symbols, spot, &fd);
	struct symbol_line lines[ANSWER_LINES_MAX];
	struct answer answer;
	struct place place;
	int nr;

	if (!file || file->refused)
		return false;
	place = (struct place){ file->id, spot->is_return, spot_offset(spot) };
	if (answers_find(symbols->answers, &place, known))
		return true;
	if (ask_symbol(symbols, spot, file, fd, true, &answer))
		return false;
	symbols->lines_left_out += answer.symbol.incomplete || file->lines_refused;
	nr = read_lines(&answer.symbol, lines);
	if (nr < 0) {
		spot_refuse_file(symbols, file);
		return false;
	}
	*known = (struct known){
		.lines = lines,
		.nr_lines = (size_t)nr,
		.vaddr = answer.symbol.vaddr,
		.symbol_offset = answer.symbol.symbol_offset,
		.after_call = answer.symbol.after_call,
	};
	return answers_add(symbols->answers, &place, known) == 0;
}

static const char *made_up_name(struct symbols *symbols, const char *module, uint64_t offset)
{
	const char *base = strrchr(module, '/');

	base = base ? base + 1 : module;
	snprintf(symbols->text, sizeof(symbols->text), "%.*s+0x%llx", NAME_MAX, base,
		 (unsigned long long)offset);
	return symbols->text;
}

static void tell_known(struct symbols *symbols, const struct known *known, struct symbol *out)
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
static bool is_for_jit(const struct spot *spot)
{
	const char *path = maps_path(spot->maps, spot->mapping);

	if (!spot->mapping->ino)
		return !path[0] || starts_with(path, "[anon") || path[0] == '/';
	return starts_with(path, "/memfd:") || !strcmp(path, "/dev/zero");
}

/* The name of code made at run time. */
static bool know_jit(struct symbols *symbols, const struct spot *spot, struct symbol *out)
{
	const char *name;

	if (!is_for_jit(spot))
		return false;
	name = jit_name(symbols->jit, spot->pid, spot->addr - (spot->is_return ? 1 : 0),
			&out->offset);
	spot_note_ended(symbols);
	if (!name)
		return false;
	out->fn = name;
	out->jit = 1;
	/* HotSpot's interpreter puts addresses there to be returned to that no call is before. */
	out->after_call = 1;
	return true;
}

int symbols_user(struct symbols *symbols, pid_t pid, uint64_t addr, int is_return,
		 struct symbol *out)
{
	struct spot spot = { .pid = pid, .addr = addr, .is_return = is_return };
	uint64_t back = is_return ? 1 : 0;
	struct known known;

	*out = (struct symbol){ .fn = "[unknown]" };
	if (files_full(symbols->files))
		spot_renew_files(symbols);
	/* A return address can be the first one behind a mapping: the call is in it. */
	spot.mapping = maps_cache_find(symbols->spaces, pid, addr - back, &spot.maps);
	if (!spot.mapping)
		return -ENOENT;
	out->module = maps_path(spot.maps, spot.mapping);
	if (!out->module[0])
		out->module = "[anon]";
	out->in_text = spot.mapping->executable;
	if (out->in_text && know_jit(symbols, &spot, out))
		return 0;
	if (out->in_text && know(symbols, &spot, &known)) {
		tell_known(symbols, &known, out);
		return 0;
	}
	out->fn = made_up_name(symbols, out->module, spot_offset(&spot));
	out->after_call =
		out->in_text && (spot.mapping->ino || spot_after_call(symbols, &spot, addr));
	return 0;
}

int symbols_place(struct symbols *symbols, pid_t pid, uint64_t addr, int is_return,
		  struct symbol *out)
{
	struct spot spot = { .pid = pid, .addr = addr, .is_return = is_return };

	*out = (struct symbol){ .fn = "[unknown]" };
	spot.mapping =
		maps_cache_find(symbols->spaces, pid, addr - (is_return ? 1 : 0), &spot.maps);
	if (!spot.mapping)
		return -ENOENT;
	out->module = maps_path(spot.maps, spot.mapping);
	out->in_text = spot.mapping->executable;
	out->after_call = out->in_text && spot_after_call(symbols, &spot, addr);
	return 0;
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

void symbols_meanwhile(struct symbols *symbols, symbols_meanwhile_fn *fn, void *context)
{
	client_meanwhile(symbols->client, fn, context);
}

void symbols_counts(const struct symbols *symbols, struct symbols_counts *out)
{
	struct jit_counts jit;

	jit_counts(symbols->jit, &jit);
	*out = (struct symbols_counts){
		.child_restarts = client_restarts(symbols->client),
		.files_refused = symbols->files_refused,
		.lookups_failed = symbols->lookups_failed + jit.failed,
		.lines_left_out = symbols->lines_left_out,
		.maps_cut = maps_cache_cut(symbols->spaces),
		.perf_maps_refused = jit.maps_refused,
		.perf_map_lines_cut = jit.lines_cut,
	};
}

int symbols_new(struct symbols **out, symbols_child_fn *child, struct memory_source *memory)
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
	err = client_new(&symbols->client, child);
	if (!err)
		err = maps_cache_new(&symbols->spaces);
	if (!err)
		err = files_new(&symbols->files);
	if (!err)
		err = answers_new(&symbols->answers);
	if (!err)
		err = jit_new(&symbols->jit, symbols->client);
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
	client_free(symbols->client);
	maps_cache_free(symbols->spaces);
	files_free(symbols->files);
	answers_free(symbols->answers);
	jit_free(symbols->jit);
	kernel_symbols_free(symbols->kernel);
	if (symbols->vdso_fd >= 0)
		close(symbols->vdso_fd);
	free(symbols);
}
