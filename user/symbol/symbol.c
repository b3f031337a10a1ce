// SPDX-License-Identifier: GPL-2.0-or-later
/* symbol.c - addresses to names: which mapping, which file, then what the child says of it. */
#include "symbol/symbol.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "proc/cleanup.h"
#include "proc/maps.h"
#include "runtime/v8/processes.h"
#include "symbol/answers.h"
#include "symbol/call.h"
#include "symbol/client.h"
#include "symbol/clock.h"
#include "symbol/debug_files.h"
#include "symbol/elf_file.h"
#include "symbol/files.h"
#include "symbol/jit.h"
#include "symbol/kernel.h"
#include "symbol/maps_cache.h"
#include "symbol/unwind_client.h"
#include "symbol/vdso.h"

/* mapping->tag: 0 not looked at, else one of files.h, or: */
#define TAG_NO_FILE UINT32_MAX
/* A child killed from outside: chance, or the memory that the file made it take. */
#define STRIKES_MAX 3
/* The vDSO of a 32-bit process is another one, and below this. */
#define ADDR_32BIT_END (1ULL << 32)

struct symbols {
	struct client *client;
	struct maps_cache *spaces;
	struct files *files;
	struct answers *answers;
	struct jit *jit;
	struct v8_processes *v8;
	int vdso_fd; /* -1: there is none */
	struct kernel_symbols *kernel; /* NULL: not read yet, or hidden */
	bool kernel_asked;
	uint64_t secret; /* of this run: see identity.h */
	uint64_t files_refused;
	uint64_t lookups_failed;
	uint64_t lines_left_out;
	char text[NAME_MAX + 32]; /* of the last name that had to be made up */
};

/* A user address, and what it was found in. */
struct spot {
	pid_t pid;
	uint64_t addr;
	bool is_return;
	struct maps *maps;
	struct mapping *mapping;
};

static uint64_t spot_offset(const struct spot *spot)
{
	return spot->addr - spot->mapping->start + spot->mapping->offset;
}

/* For reading; the caller's. */
static int open_spot(const struct symbols *symbols, const struct spot *spot, struct stat *status)
{
	int fd;

	if (spot->mapping->ino)
		return maps_open(spot->maps, spot->mapping, spot->pid, status);
	if (strcmp(maps_path(spot->maps, spot->mapping), "[vdso]") != 0 ||
	    spot->addr < ADDR_32BIT_END || symbols->vdso_fd < 0)
		return -ENOENT;
	if (fstat(symbols->vdso_fd, status))
		return -errno;
	fd = dup(symbols->vdso_fd);
	return fd < 0 ? -errno : fd;
}

static void refuse(struct symbols *symbols, struct file *file)
{
	file->refused = true;
	symbols->files_refused++;
}

/* What client_ask() or client_ended() says that a file did to the child. */
static void blame(struct symbols *symbols, struct file *file, int how)
{
	if (file->refused)
		return;
	if (how == -EPIPE || how == -ETIMEDOUT || how == -EPROTO ||
	    (how == -ECANCELED && ++file->strikes == STRIKES_MAX))
		refuse(symbols, file);
}

/* The same of its call frame information, without which it can still be named. */
static void blame_cfi(struct symbols *symbols, struct file *file, int how)
{
	if (file->cfi_refused || (how == -ECANCELED && ++file->cfi_strikes < STRIKES_MAX))
		return;
	file->cfi_refused = true;
	symbols->files_refused++;
}

/* What became of an earlier question that was given up. */
static void note_ended(struct symbols *symbols)
{
	struct file *file;
	uint32_t id, kind;
	int how;

	if (!client_ended(symbols->client, &kind, &id, &how))
		return;
	if (kind == REQUEST_MAP_READ || kind == REQUEST_MAP_NAME) {
		jit_ended(symbols->jit, id, how);
		return;
	}
	file = files_by_id(symbols->files, id);
	if (file && (kind == REQUEST_CFI || kind == REQUEST_UNWIND))
		blame_cfi(symbols, file, how);
	else if (file)
		blame(symbols, file, how);
}

/* client_ask(), and what became of an earlier question is noted. */
static int ask_client(struct symbols *symbols, struct request *request, int fd,
		      struct answer *answer)
{
	int err = client_ask(symbols->client, request, fd, answer);

	note_ended(symbols);
	return err;
}

/* Looks once whether a file is the same as one that is known already. */
static void identify(struct symbols *symbols, uint32_t tag, int fd)
{
	struct file *file = files_own(symbols->files, tag);
	struct request request = {
		.kind = REQUEST_IDENTITY,
		.file = file->id,
		.offset = symbols->secret,
	};
	struct answer answer;
	int err;

	if (file->identified)
		return;
	file->identified = true;
	err = ask_client(symbols, &request, fd, &answer);
	if (err)
		blame(symbols, file, err);
	else if (!answer.error && answer.defined)
		files_identify(symbols->files, tag, answer.defined);
}

/*
 * Finds out which file a mapping is of. *fd is left open for the child, which
 * mostly needs it next. NULL: none that can be read.
 */
static struct file *spot_file(struct symbols *symbols, const struct spot *spot, int *fd)
{
	struct mapping *mapping = spot->mapping;
	struct stat status;

	if (mapping->tag == TAG_NO_FILE)
		return NULL;
	if (mapping->tag)
		return files_get(symbols->files, mapping->tag);
	*fd = open_spot(symbols, spot, &status);
	if (*fd < 0 || files_tag(symbols->files, &status, &mapping->tag)) {
		mapping->tag = TAG_NO_FILE;
		return NULL;
	}
	identify(symbols, mapping->tag, *fd);
	return files_get(symbols->files, mapping->tag);
}

/*
 * 0, or as client_ask() when there is no answer about this file now, or -ENOENT
 * when it cannot be opened any more.
 */
static int ask(struct symbols *symbols, const struct spot *spot, struct file *file, int fd,
	       struct request *request, struct answer *answer)
{
	int opened __closing = -1;
	int err = -ENOTCONN;

	request->file = file->id;
	/* Once more when the child had died before, once more when it needs the file again. */
	for (int tries = 0; tries < 3 && !file->refused; tries++) {
		bool has_it = file->generation == client_generation(symbols->client);

		if (!has_it && fd < 0) {
			struct stat status;

			fd = opened = open_spot(symbols, spot, &status);
			if (fd < 0)
				return -ENOENT;
		}
		err = ask_client(symbols, request, has_it ? -1 : fd, answer);
		if (err == 0 && answer->error != -ESTALE) {
			file->generation = client_generation(symbols->client);
			return 0;
		}
		blame(symbols, file, err);
		/* killed from outside: the next child may know */
		if (err && err != -ENOTCONN && err != -ECANCELED)
			return err;
		file->generation = 0;
	}
	return err ? err : -ENOTCONN;
}

/* The same, and what goes wrong is noted. */
static int ask_noted(struct symbols *symbols, const struct spot *spot, struct file *file, int fd,
		     struct request *request, struct answer *answer)
{
	int err = ask(symbols, spot, file, fd, request, answer);

	if (err) {
		symbols->lookups_failed += err != -ENOENT;
		return err;
	}
	if (answer->error)
		refuse(symbols, file);
	return answer->error;
}

/*
 * The functions that an answer names, which stay where the answer is; how many,
 * or -EPROTO: it makes no sense.
 */
static int read_lines(const struct answer *answer, struct symbol_line *lines)
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

/* The strings of an answer; how many are there. */
static size_t split_text(const struct answer *answer, const char **strings, size_t max)
{
	const char *at = answer->text, *end = at + answer->text_bytes;
	size_t nr = 0;

	for (; at < end && nr < max; at += strlen(at) + 1)
		strings[nr++] = at;
	return nr;
}

/*
 * Sends what may be a file that belongs to this one. 0: it is; -ENOKEY: it is not,
 * or cannot be used; else as client_ask(): not known.
 */
static int attach(struct symbols *symbols, struct file *file, enum elf_other other, int fd)
{
	struct request request = { .kind = REQUEST_ATTACH, .file = file->id, .offset = other };
	struct answer answer;
	int err = ask_client(symbols, &request, fd, &answer);

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
	enum elf_other other = wants & ELF_DEBUG & ~file->absent ? ELF_DEBUG : ELF_SHARED;
	struct request request = { .kind = REQUEST_LINKS, .file = file->id };
	const char *links[4]; /* of the file and its debug file; of what it shares */
	struct debug_wanted wanted = { .pid = spot->pid,
				       .path = maps_path(spot->maps, spot->mapping) };
	struct answer answer;

	if (!(wants & other & ~file->absent) || ask_client(symbols, &request, -1, &answer) ||
	    answer.error)
		return false;
	file->absent |= other;
	if (split_text(&answer, links, 4) != 4)
		return false;
	wanted.id = links[other == ELF_DEBUG ? 0 : 2];
	wanted.name = links[other == ELF_DEBUG ? 1 : 3];
	for (unsigned int i = 0; !file->refused; i++) {
		int fd __closing = debug_files_open(&wanted, i);
		int err = fd >= 0 ? attach(symbols, file, other, fd) : fd;

		if (err == -ERANGE)
			break;
		if (err == -ENOENT || err == -ENOKEY)
			continue;
		/* It has come, or is looked for again. */
		file->absent &= ~other;
		return !err;
	}
	return false;
}

/* Asks what is at the spot, and for the files that are needed to say it. 0 or as ask(). */
static int ask_symbol(struct symbols *symbols, const struct spot *spot, struct file *file, int fd,
		      struct answer *answer)
{
	struct request request = {
		.kind = REQUEST_SYMBOL,
		.offset = spot_offset(spot),
		.is_return = spot->is_return,
	};
	int err = ask_noted(symbols, spot, file, fd, &request, answer);

	/* The debug file, and the one that it shares with others. */
	for (int i = 0; i < 2 && !err && attach_missing(symbols, spot, file, answer->wants); i++)
		err = ask_noted(symbols, spot, file, fd, &request, answer);
	return err;
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
	if (ask_symbol(symbols, spot, file, fd, &answer))
		return false;
	symbols->lines_left_out += answer.incomplete != 0;
	nr = read_lines(&answer, lines);
	if (nr < 0) {
		refuse(symbols, file);
		return false;
	}
	*known = (struct known){
		.lines = lines,
		.nr_lines = (size_t)nr,
		.vaddr = answer.vaddr,
		.symbol_offset = answer.symbol_offset,
		.after_call = answer.after_call,
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

/* By the target's memory: code that was made at run time is nowhere else. */
static bool memory_after_call(const struct spot *spot, uint64_t addr)
{
	uint64_t nr = addr - spot->mapping->start;
	uint8_t code[CALL_BYTES];
	struct iovec here = { code, 0 }, there = { NULL, 0 };

	if (nr > CALL_BYTES)
		nr = CALL_BYTES;
	here.iov_len = there.iov_len = nr;
	there.iov_base = (void *)(uintptr_t)(addr - nr);
	if (process_vm_readv(spot->pid, &here, 1, &there, 1, 0) != (ssize_t)nr)
		return true;
	return call_precedes(code, nr, call_own_machine());
}

/*
 * Can code have been put there at run time? .NET and some others write it through
 * a second mapping, of a memfd.
 */
static bool is_for_jit(const struct spot *spot)
{
	const char *path = maps_path(spot->maps, spot->mapping);

	if (!spot->mapping->ino)
		return !path[0] || !strncmp(path, "[anon", strlen("[anon")) || path[0] == '/';
	return !strncmp(path, "/memfd:", strlen("/memfd:")) || !strcmp(path, "/dev/zero");
}

/* The name of code made at run time. */
static bool know_jit(struct symbols *symbols, const struct spot *spot, struct symbol *out)
{
	const char *name;

	if (!is_for_jit(spot))
		return false;
	name = jit_name(symbols->jit, spot->pid, spot->addr - (spot->is_return ? 1 : 0),
			&out->offset);
	note_ended(symbols);
	if (!name)
		return false;
	out->fn = name;
	out->jit = 1;
	/* HotSpot's interpreter puts addresses there to be returned to that no call is before. */
	out->after_call = 1;
	return true;
}

/* Too many files: all are forgotten, and those in use come back. */
static void renew_files(struct symbols *symbols)
{
	maps_cache_clear(symbols->spaces);
	files_clear(symbols->files);
	answers_clear(symbols->answers);
}

int symbols_user(struct symbols *symbols, pid_t pid, uint64_t addr, int is_return,
		 struct symbol *out)
{
	struct spot spot = { .pid = pid, .addr = addr, .is_return = is_return };
	uint64_t back = is_return ? 1 : 0;
	struct known known;

	*out = (struct symbol){ .fn = "[unknown]" };
	if (files_full(symbols->files))
		renew_files(symbols);
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
	out->after_call = out->in_text && (spot.mapping->ino || memory_after_call(&spot, addr));
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
	out->after_call = out->in_text && memory_after_call(&spot, addr);
	return 0;
}

/* Asks about the whole file that is mapped at addr. */
static int ask_file(struct symbols *symbols, pid_t pid, uint64_t addr, struct request *request,
		    struct answer *answer, struct file **file)
{
	struct spot spot = { .pid = pid, .addr = addr };
	int fd __closing = -1;

	if (files_full(symbols->files))
		renew_files(symbols);
	spot.mapping = maps_cache_find(symbols->spaces, pid, addr, &spot.maps);
	*file = spot.mapping ? spot_file(symbols, &spot, &fd) : NULL;
	if (!*file || (*file)->refused)
		return -ENOENT;
	/* the same file in another process, or another run of the program */
	if (request->kind == REQUEST_DEFINED && (*file)->asked) {
		answer->defined = (*file)->defined;
		return 0;
	}
	if (request->kind == REQUEST_WORD && (*file)->text &&
	    !strcmp((*file)->text, request->text)) {
		snprintf(answer->text, sizeof(answer->text), "%s", (*file)->word);
		answer->text_bytes = (uint32_t)strlen(answer->text) + 1;
		return 0;
	}
	return ask_noted(symbols, &spot, *file, fd, request, answer);
}

/* A target of symbols_unwind(). */
struct unwound {
	struct symbols *symbols;
	struct spot spot; /* of the mapping that is asked about */
};

static const struct spot *unwound_spot(struct unwound *unwound, struct mapping *mapping)
{
	unwound->spot.mapping = mapping;
	unwound->spot.addr = mapping->start;
	return &unwound->spot;
}

static struct file *unwound_file(void *context, struct mapping *mapping, int *fd)
{
	struct unwound *unwound = context;

	return spot_file(unwound->symbols, unwound_spot(unwound, mapping), fd);
}

static int unwound_open(void *context, struct mapping *mapping)
{
	struct unwound *unwound = context;
	struct stat status;

	return open_spot(unwound->symbols, unwound_spot(unwound, mapping), &status);
}

static bool unwound_after_call(void *context, struct mapping *mapping, uint64_t addr)
{
	struct unwound *unwound = context;

	return memory_after_call(unwound_spot(unwound, mapping), addr);
}

static void unwound_blame(void *context, uint32_t id, int err)
{
	struct unwound *unwound = context;
	struct file *file = id ? files_by_id(unwound->symbols->files, id) : NULL;

	unwound->symbols->lookups_failed++;
	if (file)
		blame_cfi(unwound->symbols, file, err);
}

/* As symbols_unwind(), by the maps as they are known; *reading: their number. */
static int unwind_once(struct symbols *symbols, pid_t pid, uint64_t addr,
		       const struct bp_copy *copy, struct unwind_answer *answer, uint64_t *reading)
{
	struct unwound unwound = { .symbols = symbols, .spot = { .pid = pid } };
	struct unwind_target target = {
		.client = symbols->client,
		.pid = pid,
		.file = unwound_file,
		.open = unwound_open,
		.blame = unwound_blame,
		.after_call = unwound_after_call,
		.context = &unwound,
	};
	uint32_t bytes = copy->bytes < BP_COPY_BYTES ? copy->bytes : BP_COPY_BYTES;
	uint64_t before = *reading;
	int err;

	*reading = maps_cache_reading(symbols->spaces, pid, addr, &target.maps);
	if (!*reading || *reading == before)
		return -ENOENT;
	target.reading = *reading;
	unwound.spot.maps = target.maps;
	err = unwind_client_ask(&target, &copy->regs, copy->stack, bytes, answer);
	note_ended(symbols);
	return err;
}

int symbols_unwind(struct symbols *symbols, pid_t pid, const struct bp_copy *copy,
		   struct native_frame *frames, size_t max, unsigned int *flags)
{
	struct unwind_answer answer, again;
	uint64_t reading = 0;
	int err;

	if (files_full(symbols->files))
		renew_files(symbols);
	err = unwind_once(symbols, pid, copy->regs.reg[BP_REGISTER_IP], copy, &answer, &reading);
	if (err)
		return err;
	/* It may have loaded a library since its maps were read. */
	if (answer.lost_addr &&
	    unwind_once(symbols, pid, answer.lost_addr, copy, &again, &reading) == 0)
		answer = again;
	*flags = answer.flags;
	if (answer.nr > max)
		*flags |= UNWIND_CUT;
	else
		max = answer.nr;
	memcpy(frames, answer.frames, max * sizeof(*frames));
	return (int)max;
}

static int add_text(struct request *request, const char *text)
{
	size_t bytes = strlen(text) + 1;

	if (bytes > sizeof(request->text) - request->text_bytes)
		return -ENAMETOOLONG;
	memcpy(request->text + request->text_bytes, text, bytes);
	request->text_bytes += (uint32_t)bytes;
	return 0;
}

int symbols_defined(struct symbols *symbols, pid_t pid, uint64_t addr, const char *const *names,
		    size_t nr, uint64_t *defined)
{
	struct request request = { .kind = REQUEST_DEFINED };
	struct answer answer;
	struct file *file;
	int err = 0;

	for (size_t i = 0; i < nr && !err; i++)
		err = add_text(&request, names[i]);
	if (!err)
		err = ask_file(symbols, pid, addr, &request, &answer, &file);
	if (err)
		return err;
	file->asked = true;
	file->defined = *defined = answer.defined;
	return 0;
}

int symbols_word(struct symbols *symbols, pid_t pid, uint64_t addr, const char *text, char *word,
		 size_t size)
{
	struct request request = { .kind = REQUEST_WORD };
	struct answer answer;
	struct file *file;
	int err = add_text(&request, text);

	if (!err)
		err = ask_file(symbols, pid, addr, &request, &answer, &file);
	if (err)
		return err;
	if (!answer.text_bytes)
		answer.text[0] = '\0';
	file->text = text;
	snprintf(file->word, sizeof(file->word), "%.*s", (int)sizeof(file->word) - 1, answer.text);
	if (!file->word[0])
		return -ENOENT;
	snprintf(word, size, "%.*s", (int)size - 1, answer.text);
	return 0;
}

/* As many as the answer has: false when it contradicts itself. */
static bool take_objects(const struct answer *answer, struct symbols_object *objects, size_t nr)
{
	size_t at = 0;

	for (size_t i = 0; i < nr; i++) {
		size_t bytes = i < answer->nr_lines ? answer->lines[i] : 0;

		if (bytes > answer->text_bytes - at)
			return false;
		objects[i].nr = bytes < objects[i].size ? bytes : objects[i].size;
		memcpy(objects[i].bytes, answer->text + at, objects[i].nr);
		at += bytes;
	}
	return true;
}

int symbols_objects(struct symbols *symbols, pid_t pid, uint64_t addr, bool local,
		    struct symbols_object *objects, size_t nr)
{
	struct request request;
	struct answer answer;
	struct file *file;
	int err = 0;

	for (size_t done = 0, now; done < nr && !err; done += now) {
		request =
			(struct request){ .kind = local ? REQUEST_LOCAL_OBJECTS : REQUEST_OBJECTS };
		for (now = 0; done + now < nr && now < ANSWER_LINES_MAX; now++)
			if (add_text(&request, objects[done + now].name))
				break;
		if (!now)
			return -ENAMETOOLONG;
		err = ask_file(symbols, pid, addr, &request, &answer, &file);
		if (!err && !take_objects(&answer, objects + done, now))
			err = -EPROTO;
	}
	return err;
}

void symbols_forget(struct symbols *symbols, pid_t pid)
{
	maps_cache_forget(symbols->spaces, pid);
	jit_forget(symbols->jit, pid);
	v8_processes_forget(symbols->v8, pid);
}

struct v8 *symbols_v8(struct symbols *symbols, pid_t pid)
{
	return v8_processes_get(symbols->v8, symbols, pid);
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

int symbols_new(struct symbols **out)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));
	int err;

	if (!symbols)
		return -ENOMEM;
	symbols->vdso_fd = -1;
	if (getrandom(&symbols->secret, sizeof(symbols->secret), 0) != sizeof(symbols->secret))
		symbols->secret = clock_now_ns();
	/* First: the child inherits what memory there is. */
	err = client_new(&symbols->client);
	if (!err)
		err = maps_cache_new(&symbols->spaces);
	if (!err)
		err = files_new(&symbols->files);
	if (!err)
		err = answers_new(&symbols->answers);
	if (!err)
		err = jit_new(&symbols->jit, symbols->client);
	if (!err)
		err = v8_processes_new(&symbols->v8);
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
	v8_processes_free(symbols->v8);
	kernel_symbols_free(symbols->kernel);
	if (symbols->vdso_fd >= 0)
		close(symbols->vdso_fd);
	free(symbols);
}
