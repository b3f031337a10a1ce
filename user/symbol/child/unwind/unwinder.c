// SPDX-License-Identifier: GPL-2.0-or-later
/* unwinder.c - by which of four ways a frame's caller is found, and what must come first. */
#include "symbol/child/unwind/unwinder.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbol/child/unwind/cfi_cache.h"
#include "symbol/child/unwind/unwind_spaces.h"
#include "symbol/child/unwind/unwind_step.h"
#include "symbol/child/unwind/way_out.h"
#include "symbol/wire/call.h"

struct unwinder {
	struct unwind_spaces *spaces;
	struct cfi_cache *cache;
	void (*looking)(void *context, uint32_t file);
	void *context;
	uint32_t looked; /* the file it was called for last in this run */
};

/* One stack that is being unwound. */
struct run {
	struct unwinder *unwinder;
	struct unwind_space *space;
	const struct unwind_input *input;
	struct answer_unwind *answer;
	struct unwind_state state;
	unsigned int steps; /* of ways out that are left */
};

static uint64_t pc_of(const struct run *run)
{
	return run->state.regs.reg[run->state.machine->pc];
}

/* A return address can be the first one behind a function: the call is in it. */
static uint64_t looked_up(const struct run *run)
{
	return pc_of(run) - !run->state.exact;
}

static bool has_file(const struct unwind_spot *spot)
{
	return spot->file != SPACE_FILE_NONE && spot->file != SPACE_FILE_UNKNOWN;
}

/* 0, or -ESTALE: the file must come first. */
static int need_file(struct run *run, const struct unwind_spot *spot, struct cfi **cfi)
{
	*cfi = has_file(spot) ? cfi_cache_get(run->unwinder->cache, spot->file) : NULL;
	if (*cfi || spot->file == SPACE_FILE_NONE)
		return 0;
	run->answer->addr = spot->start;
	return -ESTALE;
}

static uint64_t offset_in(const struct unwind_spot *spot, uint64_t addr)
{
	return addr - spot->start + spot->offset;
}

/* *row NULL: nothing is said of this address. 0, -ESTALE or -ENOKEY: as of an answer. */
static int find_row(struct run *run, const struct unwind_spot *spot, const struct cfi_row **row)
{
	struct unwinder *unwinder = run->unwinder;
	uint64_t offset = offset_in(spot, looked_up(run));
	struct cfi *cfi;
	int err = 0;

	*row = has_file(spot) ? cfi_cache_row(unwinder->cache, spot->file, offset, &err) : NULL;
	if (!*row) {
		err = need_file(run, spot, &cfi);
		if (err || !cfi || cfi_machine(cfi) != run->input->machine)
			return err;
		if (unwinder->looked != spot->file)
			unwinder->looking(unwinder->context, spot->file);
		unwinder->looked = spot->file;
		*row = cfi_cache_make_row(unwinder->cache, cfi, spot->file, offset, &err);
		if (err == -ENOENT && cfi_wants_debug(cfi)) {
			run->answer->addr = looked_up(run);
			return -ENOKEY;
		}
	}
	if (err)
		*row = NULL;
	return 0;
}

static size_t text_at(struct run *run, const struct unwind_spot *spot, uint64_t addr,
		      unsigned char *code, size_t nr)
{
	if (nr > spot->end - addr)
		nr = spot->end - addr;
	return has_file(spot) && cfi_cache_text(run->unwinder->cache, spot->file,
						offset_in(spot, addr), code, nr)
		       ? nr
		       : 0;
}

static bool is_sigreturn(struct run *run, const struct unwind_spot *spot, uint64_t addr)
{
	unsigned char code[SIGRETURN_BYTES];

	return unwind_is_sigreturn(run->state.machine, code,
				   text_at(run, spot, addr, code, sizeof(code)));
}

static bool word_checked(const struct run *run, uint64_t addr)
{
	uint64_t words[2] = { 0 };

	memcpy(words, run->input->stack,
	       run->input->bytes < sizeof(words) ? run->input->bytes : sizeof(words));
	return (addr == words[0] && (run->input->flags & UNWIND_WORD0_CALL)) ||
	       (addr == words[1] && (run->input->flags & UNWIND_WORD1_CALL));
}

/* Code that no file holds cannot be looked at here: whoever sent the stack does. */
static bool after_call(void *context, uint64_t addr, bool sure)
{
	struct run *run = context;
	const struct unwind_spot *spot = unwind_space_find(run->space, addr - 1);
	unsigned char code[CALL_BYTES];
	uint64_t nr;

	/* in code that was mapped since: when it is its turn, the maps are read again */
	if (!spot)
		return !sure;
	if (spot->file == SPACE_FILE_NONE)
		return !sure || word_checked(run, addr);
	nr = addr - spot->start < CALL_BYTES ? addr - spot->start : CALL_BYTES;
	/* not known yet: it will be when it is this address's turn to be unwound */
	if (!has_file(spot))
		return !sure;
	nr = text_at(run, spot, addr - nr, code, nr);
	if (nr && call_precedes(code, nr, run->input->machine))
		return true;
	/* a signal's handler was not called from where it returns to */
	spot = unwind_space_find(run->space, addr);
	return spot && is_sigreturn(run, spot, addr);
}

/* The same for a way that is tried: a file that is not at hand comes, and it is tried again. */
static bool maybe_after_call(void *context, uint64_t addr, bool sure)
{
	struct run *run = context;
	const struct unwind_spot *spot = unwind_space_find(run->space, addr - 1);

	return spot && (spot->file == SPACE_FILE_UNKNOWN || after_call(context, addr, sure));
}

static size_t text_of(void *context, uint64_t addr, unsigned char *code, size_t nr)
{
	struct run *run = context;
	const struct unwind_spot *spot = unwind_space_find(run->space, addr);

	return spot ? text_at(run, spot, addr, code, nr) : 0;
}

/*
 * Nothing is said of the frame. What a frame pointer led to has one itself; else the code
 * is asked first, as in code without one the register may be another function's.
 */
static int by_code(struct run *run, const struct unwind_spot *spot,
		   const struct native_frame *frame, bool *by_fp, uint64_t *cfa)
{
	bool chained = frame->flags & NATIVE_BY_FRAME_POINTER;
	bool innermost = run->answer->nr == 1;
	struct unwind_code_reader reader = {
		.after_call = maybe_after_call,
		.text = text_of,
		.steps = &run->steps,
		.context = run,
		.generated = spot->file == SPACE_FILE_NONE,
	};

	*by_fp = false;
	if (!reader.generated && !chained && unwind_by_way_out(&run->state, &reader, cfa) == 0)
		return 0;
	reader.after_call = after_call;
	if (innermost && reader.generated) {
		reader.nr = run->input->code_bytes;
		memcpy(reader.code, run->input->code, reader.nr);
	} else if (innermost) {
		reader.nr = text_at(run, spot, pc_of(run), reader.code, sizeof(reader.code));
	}
	*by_fp = true;
	return unwind_by_frame_pointer(&run->state, &reader, innermost, chained, cfa);
}

/* To the caller. As the functions of unwind_step.h; -ESTALE, -ENOKEY: a file is needed. */
static int step(struct run *run, struct native_frame *frame, bool *by_fp)
{
	const struct unwind_spot *spot = unwind_space_find(run->space, looked_up(run));
	const struct cfi_row *row;
	int err;

	*by_fp = false;
	if (!spot)
		return -ENOENT;
	err = find_row(run, spot, &row);
	if (err)
		return err;
	/* its CFI on arm64 leads to the link register of what was interrupted, not to its place */
	if ((!row || run->state.machine->machine == EM_AARCH64) && !run->state.exact &&
	    unwind_space_find(run->space, pc_of(run)) == spot &&
	    is_sigreturn(run, spot, pc_of(run)))
		return unwind_by_sigframe(&run->state, &frame->cfa);
	if (row)
		return unwind_by_row(&run->state, row, &frame->cfa);
	return by_code(run, spot, frame, by_fp, &frame->cfa);
}

static struct native_frame *add_frame(struct run *run, bool by_fp)
{
	struct native_frame *frame = &run->answer->frames[run->answer->nr++];

	*frame = (struct native_frame){
		.addr = pc_of(run),
		.fp = run->state.regs.reg[run->state.machine->fp],
		.flags = (by_fp ? NATIVE_BY_FRAME_POINTER : 0) |
			 (run->state.exact ? NATIVE_EXACT : 0),
	};
	return frame;
}

/* 0, or -ESTALE or -ENOKEY: as of an answer. */
static int walk(struct run *run)
{
	struct answer_unwind *answer = run->answer;
	bool by_fp = false;

	for (;;) {
		struct native_frame *frame;
		int result;

		/* a return address that leads nowhere is none */
		if (answer->nr && !unwind_space_find(run->space, looked_up(run))) {
			answer->lost_addr = looked_up(run);
			answer->flags |= UNWIND_LOST;
			return 0;
		}
		if (answer->nr == UNWIND_FRAMES_MAX) {
			answer->flags |= UNWIND_CUT;
			return 0;
		}
		frame = add_frame(run, by_fp);
		result = step(run, frame, &by_fp);
		if (result == -ESTALE || result == -ENOKEY)
			return result;
		if (result == -ENODATA)
			answer->flags |= UNWIND_CUT;
		else if (result < 0)
			answer->flags |= UNWIND_LOST;
		if (result)
			return 0;
	}
}

int unwinder_run(struct unwinder *unwinder, uint64_t space, const struct unwind_input *input,
		 struct answer_unwind *out)
{
	struct run run = {
		.unwinder = unwinder, .input = input, .answer = out, .steps = WAY_OUT_STEPS_STACK
	};
	int err;

	out->flags = 0;
	out->file = 0;
	out->nr = 0;
	out->addr = 0;
	out->lost_addr = 0;
	unwinder->looked = 0;
	run.space = unwind_spaces_get(unwinder->spaces, space);
	run.state.machine = unwind_machine(input->machine);
	if (!run.state.machine)
		return -ENOTSUP;
	if (!run.space)
		return -ENOENT;
	run.state.regs = input->regs;
	run.state.exact = true;
	run.state.memory = (struct unwind_memory){
		.bytes = input->stack,
		.start = input->regs.reg[run.state.machine->sp],
		.nr = input->bytes,
		.below = sizeof(input->below),
	};
	err = walk(&run);
	if (!err && out->nr == 1 && !unwind_space_find(run.space, pc_of(&run)))
		out->lost_addr = pc_of(&run);
	return err;
}

int unwinder_mappings(struct unwinder *unwinder, uint64_t space, uint64_t first,
		      const struct unwind_mapping *mappings, size_t nr)
{
	return unwind_spaces_add(unwinder->spaces, space, first, mappings, nr);
}

int unwinder_file(struct unwinder *unwinder, uint64_t space, uint64_t start, uint32_t file, int fd)
{
	struct unwind_space *known = unwind_spaces_get(unwinder->spaces, space);
	struct unwind_spot *spot = known ? unwind_space_find(known, start) : NULL;
	int err = 0;

	if (!spot || spot->start != start || file == SPACE_FILE_NONE) {
		err = -ENOENT;
	} else if (file && !cfi_cache_get(unwinder->cache, file)) {
		if (fd < 0)
			return -ESTALE;
		err = cfi_cache_add(unwinder->cache, file, fd);
		fd = -1;
	}
	if (fd >= 0)
		close(fd);
	if (spot && err != -ENOENT)
		spot->file = file && !err ? file : SPACE_FILE_NONE;
	return err;
}

int unwinder_debug(struct unwinder *unwinder, uint32_t file, int fd)
{
	return cfi_cache_add_debug(unwinder->cache, file, fd);
}

int unwinder_new(struct unwinder **out, void (*looking)(void *context, uint32_t file),
		 void *context)
{
	struct unwinder *unwinder = calloc(1, sizeof(*unwinder));
	int err = unwinder ? unwind_spaces_new(&unwinder->spaces) : -ENOMEM;

	if (!err)
		err = cfi_cache_new(&unwinder->cache);
	if (err) {
		unwinder_free(unwinder);
		return err;
	}
	unwinder->looking = looking;
	unwinder->context = context;
	*out = unwinder;
	return 0;
}

void unwinder_expire(struct unwinder *unwinder)
{
	unwind_spaces_expire(unwinder->spaces);
	cfi_cache_expire(unwinder->cache);
}

void unwinder_free(struct unwinder *unwinder)
{
	if (!unwinder)
		return;
	unwind_spaces_free(unwinder->spaces);
	cfi_cache_free(unwinder->cache);
	free(unwinder);
}
