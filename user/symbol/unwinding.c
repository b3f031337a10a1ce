// SPDX-License-Identifier: GPL-2.0-or-later
/* unwinding.c - asks until the child has all mappings and files that one stack takes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "base/cleanup.h"
#include "symbol/private.h"
#include "symbol/wire/call.h"
#include "symbol/wire/unwind_payload.h"

/* Each mapping of a process can have to come first, and each child can die of one of them. */
#define ASKS_MAX   300
#define DEATHS_MAX 3

/* A process of which a stack is unwound. */
struct unwound {
	struct symbols *symbols;
	pid_t pid;
	struct maps *maps;
	uint64_t reading; /* number of maps, as maps_cache_reading() gives it */
};

static struct location location_in(const struct unwound *unwound, uint64_t addr)
{
	struct mapping *mapping = maps_find(unwound->maps, addr);
	struct location location = { .opened = FILE_NOT_OPENED };

	if (mapping)
		location = location_of(unwound->pid, unwound->maps, mapping);
	location.aside = unwound->symbols->client == unwound->symbols->aside;
	return location;
}

/* The child ended over this file (0: over which is not known). */
static void blame(const struct unwound *unwound, uint32_t id, int how)
{
	struct file *file = id ? files_by_id(unwound->symbols->files, id) : NULL;

	unwound->symbols->lookups_failed++;
	if (file)
		blame_cfi(unwound->symbols, file, how);
}

/* Is this address, which is in no file, behind a call? */
static bool after_call(const struct unwound *unwound, struct mapping *mapping, uint64_t addr)
{
	struct location location = location_of(unwound->pid, unwound->maps, mapping);

	return location_after_call(unwound->symbols, &location, addr);
}

/* Executable mappings on their way into packets. */
struct mappings_out {
	const struct unwound *unwound;
	struct unwind_mapping *v;
	size_t nr;
	uint64_t sent;
	int err;
};

static void mappings_send(struct mappings_out *out)
{
	const struct unwound *unwound = out->unwound;
	struct client_payload payload = { .v = { { out->v, out->nr * sizeof(*out->v) } } };
	struct request request = {
		.kind = REQUEST_MAPPINGS,
		.mappings = { .space = unwound->reading, .sent = out->sent },
	};
	struct answer answer;

	out->err = client_ask_with(unwound->symbols->client, &request, &payload, &answer);
	if (!out->err)
		out->err = answer.error;
	out->sent += out->nr;
	out->nr = 0;
}

static bool is_vdso(const char *path)
{
	return strcmp(path, "[vdso]") == 0;
}

static void mapping_add(void *context, const struct mapping *mapping, const char *path)
{
	struct mappings_out *out = context;

	if (out->err || !mapping->executable || out->sent + out->nr == UNWIND_MAPPINGS_MAX)
		return;
	out->v[out->nr++] = (struct unwind_mapping){
		.start = mapping->start,
		.end = mapping->end,
		.offset = mapping->offset,
		.has_file = mapping->ino || is_vdso(path),
	};
	if (out->nr == UNWIND_MAPPINGS_PACKET)
		mappings_send(out);
}

static int send_mappings(const struct unwound *unwound)
{
	struct unwind_mapping *v __freeing = calloc(UNWIND_MAPPINGS_PACKET, sizeof(*v));
	struct mappings_out out = { .unwound = unwound, .v = v };

	if (!v)
		return -ENOMEM;
	maps_each(unwound->maps, mapping_add, &out);
	if (!out.err && (out.nr || !out.sent))
		mappings_send(&out);
	return out.err;
}

/*
 * Without a descriptor first, where the child has had the file before. Where only the child aside
 * may have it, that unwinds all stacks of this process.
 */
static int send_file(const struct unwound *unwound, uint64_t start)
{
	struct location location __closing_location = location_in(unwound, start);
	struct file *file = location_find_file(unwound->symbols, &location);
	struct request request = {
		.kind = REQUEST_CFI,
		.cfi = { .space = unwound->reading, .start = start },
	};
	struct answer answer;
	int err;

	if (!file && location_error(&location) == -EBUSY)
		return -EAGAIN;
	if (file && file->aside && !location.aside) {
		maps_cache_mark(unwound->symbols->spaces, unwound->pid);
		symbols_ask_about(unwound->symbols, unwound->pid, true);
		return 0;
	}
	for (int tries = 0; tries < 2; tries++) {
		struct client *client = unwound->symbols->client;
		uint64_t generation = client_generation(client);
		bool has_it = file && file->cfi_generation == generation;

		if (file && !file->cfi_refused && !has_it && !file_is_opened(&location.opened)) {
			err = location_open(unwound->symbols, &location);
			if (err == -EBUSY)
				return -EAGAIN;
			if (err)
				file = NULL;
		}
		request.file = file && !file->cfi_refused ? file->id : 0;
		err = client_ask(client, &request,
				 request.file && !has_it ? &location.opened : NULL, &answer);
		if (err) {
			if (file && err != -ENOTCONN && err != -EAGAIN)
				blame(unwound, file->id, err);
			return err;
		}
		if (!file || answer.error != -ESTALE) {
			if (file)
				file->cfi_generation = answer.error ? 0 : generation;
			/* what cannot be used is as good as none */
			return answer.error == -ENOENT ? -ENOENT : 0;
		}
		file->cfi_generation = 0;
		files_close(&location.opened);
	}
	return -ENOTCONN;
}

/* Where there is none, the child does not want it any more. */
static int send_debug(const struct unwound *unwound, uint64_t addr)
{
	struct location location __closing_location = location_in(unwound, addr);
	struct file *file = location_find_file(unwound->symbols, &location);
	struct request request = { .kind = REQUEST_CFI_DEBUG };
	struct answer answer;
	int err;

	if (!file)
		return -ENOTCONN;
	location.addr = addr;
	if (!file->refused)
		lookup_send_debug(unwound->symbols, &location);
	request.file = file->id;
	err = client_ask(unwound->symbols->client, &request, NULL, &answer);
	if (err && err != -ENOTCONN && err != -EAGAIN)
		blame(unwound, file->id, err);
	return err;
}

/* What the child cannot see: is a word of the stack a return address into generated code? */
static bool word_after_call(const struct unwound *unwound, const unsigned char *stack,
			    uint32_t bytes, size_t nth)
{
	struct mapping *mapping;
	uint64_t word;

	if (bytes < (nth + 1) * sizeof(word))
		return false;
	memcpy(&word, stack + nth * sizeof(word), sizeof(word));
	mapping = maps_find(unwound->maps, word - 1);
	return mapping && mapping->executable && !mapping->ino &&
	       after_call(unwound, mapping, word);
}

/* All but the stack; bytes: of it. */
static void describe(const struct unwound *unwound, const struct bp_stack_copy *copy,
		     uint32_t bytes, struct unwind_input *input)
{
	uint64_t pc = copy->regs.reg[BP_REGISTER_IP];
	const struct mapping *mapping = maps_find(unwound->maps, pc);
	struct memory memory = { unwound->symbols->memory, unwound->pid };

	input->machine = call_own_machine();
	input->flags = 0;
	input->bytes = bytes;
	input->code_bytes = 0;
	input->regs = copy->regs;
	memcpy(input->below, copy->below, sizeof(input->below));
	if (word_after_call(unwound, copy->stack, bytes, 0))
		input->flags |= UNWIND_WORD0_CALL;
	if (word_after_call(unwound, copy->stack, bytes, 1))
		input->flags |= UNWIND_WORD1_CALL;
	if (mapping && mapping->executable && !mapping->ino &&
	    !memory_read(&memory, pc, input->code, sizeof(input->code)))
		input->code_bytes = sizeof(input->code);
}

/* Does the chain of frame pointers lead on to a call in a file, where it was checked? */
static bool leads_to_file(const struct unwound *unwound, const struct answer_unwind *answer,
			  uint32_t from)
{
	for (uint32_t i = from + 1; i < answer->nr; i++) {
		const struct mapping *mapping =
			maps_find(unwound->maps, answer->frames[i].addr - 1);

		if (mapping && mapping->ino)
			return true;
	}
	return false;
}

/*
 * Frames that a frame pointer led to, in code that only the target's memory holds:
 * with no call before it an address is none. But interpreters made at run time push
 * what they like (HotSpot's returns to the entry of the next bytecode): so it is one
 * when the chain goes on from it to where it must end.
 */
static void check_generated(const struct unwound *unwound, struct answer_unwind *answer)
{
	struct after_call asked[UNWIND_FRAMES_MAX];
	uint32_t frames[UNWIND_FRAMES_MAX];
	size_t nr = 0;

	for (uint32_t i = 0; i < answer->nr; i++) {
		const struct native_frame *frame = &answer->frames[i];
		struct mapping *mapping = maps_find(unwound->maps, frame->addr - 1);

		if (!(frame->flags & NATIVE_BY_FRAME_POINTER) || !mapping || mapping->ino)
			continue;
		asked[nr] = (struct after_call){ .mapping = mapping, .addr = frame->addr };
		frames[nr++] = i;
	}
	if (nr)
		location_after_calls(unwound->symbols, unwound->pid, asked, nr);
	for (size_t i = 0; i < nr; i++) {
		if (asked[i].is || leads_to_file(unwound, answer, frames[i]))
			continue;
		answer->nr = frames[i];
		answer->flags = UNWIND_LOST;
		return;
	}
}

/* Asks once; what the child lacks is sent. 0, and *done if that was the answer; else -errno. */
static int ask_once(const struct unwound *unwound, const struct client_payload *payload,
		    struct answer *answer, bool *done)
{
	struct request request = {
		.kind = REQUEST_UNWIND,
		.unwind = { .space = unwound->reading },
	};
	uint32_t blamed;
	int err = client_ask_unwind(unwound->symbols->client, &request, payload, answer, &blamed);

	*done = false;
	if (err) {
		if (err != -ENOTCONN && err != -EAGAIN)
			blame(unwound, blamed, err);
		return err;
	}
	switch (answer->error) {
	case -ENOENT:
		return send_mappings(unwound);
	case -ESTALE:
		return send_file(unwound, answer->unwind.addr);
	case -ENOKEY:
		return send_debug(unwound, answer->unwind.addr);
	default:
		*done = true;
		return 0;
	}
}

static int ask_until_done(const struct unwound *unwound, const struct bp_stack_copy *copy,
			  struct answer_unwind *out)
{
	uint32_t bytes = copy->bytes < BP_STACK_COPY_BYTES ? copy->bytes : BP_STACK_COPY_BYTES;
	struct unwind_input input;
	struct client_payload payload = { .v = { { &input, UNWIND_INPUT_HEADER_BYTES },
						 { (void *)copy->stack, bytes } } };
	unsigned int deaths = 0;
	struct answer answer;
	bool done;

	describe(unwound, copy, bytes, &input);
	for (int asks = 0; asks < ASKS_MAX && deaths < DEATHS_MAX; asks++) {
		int err = ask_once(unwound, &payload, &answer, &done);

		if (err == -EAGAIN)
			return err;
		if (done) {
			if (answer.error)
				return answer.error;
			*out = answer.unwind;
			check_generated(unwound, out);
			return 0;
		}
		deaths += err != 0;
	}
	return -ENOTCONN;
}

/* As symbols_unwind(), by the maps as they are known; *reading: their number. */
static int unwind_once(struct symbols *symbols, pid_t pid, uint64_t addr,
		       const struct bp_stack_copy *copy, struct answer_unwind *out,
		       uint64_t *reading)
{
	struct unwound unwound = { .symbols = symbols, .pid = pid };
	uint64_t before = *reading;
	int err;

	*reading = maps_cache_reading(symbols->spaces, pid, addr, &unwound.maps);
	if (!*reading || *reading == before)
		return -ENOENT;
	unwound.reading = *reading;
	symbols_ask_about(symbols, pid, maps_cache_is_marked(symbols->spaces, pid));
	err = ask_until_done(&unwound, copy, out);
	blame_ended(symbols);
	return err;
}

int symbols_unwind(struct symbols *symbols, pid_t pid, const struct bp_stack_copy *copy,
		   struct native_frame *frames, size_t max, unsigned int *flags)
{
	struct answer_unwind answer, again;
	uint64_t reading = 0;
	int err;

	ask_renew_files(symbols);
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
