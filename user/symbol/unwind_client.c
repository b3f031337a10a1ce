// SPDX-License-Identifier: GPL-2.0-or-later
/* unwind_client.c - asks until the symbolizer has all mappings and files that one stack takes. */
#include "symbol/unwind_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "symbol/wire/call.h"
#include "symbol/wire/unwind_payload.h"

/* Each mapping of a process can have to come first, and each child can die of one of them. */
#define ASKS_MAX   300
#define DEATHS_MAX 3

/* Executable mappings on their way into packets. */
struct mappings_out {
	const struct unwind_target *target;
	struct unwind_mapping *v;
	size_t nr;
	uint64_t sent;
	int err;
};

static void mappings_send(struct mappings_out *out)
{
	const struct unwind_target *target = out->target;
	struct client_payload payload = { .v = { { out->v, out->nr * sizeof(*out->v) } } };
	struct request request = {
		.kind = REQUEST_MAPPINGS,
		.mappings = { .space = target->reading, .sent = out->sent },
	};
	struct answer answer;

	out->err = client_ask_with(target->client, &request, &payload, &answer);
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

static int send_mappings(const struct unwind_target *target)
{
	struct unwind_mapping *v __freeing = calloc(UNWIND_MAPPINGS_PACKET, sizeof(*v));
	struct mappings_out out = { .target = target, .v = v };

	if (!v)
		return -ENOMEM;
	maps_each(target->maps, mapping_add, &out);
	if (!out.err && (out.nr || !out.sent))
		mappings_send(&out);
	return out.err;
}

/* Without a descriptor first, where the symbolizer has had the file before. */
static int send_file(const struct unwind_target *target, uint64_t start)
{
	struct request request = {
		.kind = REQUEST_CFI,
		.cfi = { .space = target->reading, .start = start },
	};
	struct mapping *mapping = maps_find(target->maps, start);
	int fd __closing = -1;
	struct file *file = mapping ? target->file(target->context, mapping, &fd) : NULL;
	struct answer answer;
	int err;

	for (int tries = 0; tries < 2; tries++) {
		uint64_t generation = client_generation(target->client);
		bool has_it = file && file->cfi_generation == generation;

		if (file && !file->cfi_refused && !has_it && fd < 0) {
			fd = target->open(target->context, mapping);
			if (fd < 0)
				file = NULL;
		}
		request.file = file && !file->cfi_refused ? file->id : 0;
		err = client_ask(target->client, &request, request.file && !has_it ? fd : -1,
				 &answer);
		if (err) {
			if (file && err != -ENOTCONN && err != -EAGAIN)
				target->blame(target->context, file->id, err);
			return err;
		}
		if (!file || answer.error != -ESTALE) {
			if (file)
				file->cfi_generation = answer.error ? 0 : generation;
			/* what cannot be used is as good as none */
			return answer.error == -ENOENT ? -ENOENT : 0;
		}
		file->cfi_generation = 0;
	}
	return -ENOTCONN;
}

/* Where there is none, the symbolizer does not want it any more. */
static int send_debug(const struct unwind_target *target, uint64_t addr)
{
	struct mapping *mapping = maps_find(target->maps, addr);
	int fd __closing = -1;
	struct file *file = mapping ? target->file(target->context, mapping, &fd) : NULL;
	struct request request = { .kind = REQUEST_CFI_DEBUG };
	struct answer answer;
	int err;

	if (!file)
		return -ENOTCONN;
	target->send_debug(target->context, mapping, addr, file);
	request.file = file->id;
	err = client_ask(target->client, &request, -1, &answer);
	if (err && err != -ENOTCONN && err != -EAGAIN)
		target->blame(target->context, file->id, err);
	return err;
}

/* What the symbolizer cannot see: is a word of the stack a return address into generated code? */
static bool word_after_call(const struct unwind_target *target, const unsigned char *stack,
			    uint32_t bytes, size_t nth)
{
	struct mapping *mapping;
	uint64_t word;

	if (bytes < (nth + 1) * sizeof(word))
		return false;
	memcpy(&word, stack + nth * sizeof(word), sizeof(word));
	mapping = maps_find(target->maps, word - 1);
	return mapping && mapping->executable && !mapping->ino &&
	       target->after_call(target->context, mapping, word);
}

/* All but the stack; bytes: of it. */
static void describe(const struct unwind_target *target, const struct bp_stack_copy *copy,
		     uint32_t bytes, struct unwind_input *input)
{
	uint64_t pc = copy->regs.reg[BP_REGISTER_IP];
	const struct mapping *mapping = maps_find(target->maps, pc);

	input->machine = call_own_machine();
	input->flags = 0;
	input->bytes = bytes;
	input->code_bytes = 0;
	input->regs = copy->regs;
	if (word_after_call(target, copy->stack, bytes, 0))
		input->flags |= UNWIND_WORD0_CALL;
	if (word_after_call(target, copy->stack, bytes, 1))
		input->flags |= UNWIND_WORD1_CALL;
	if (mapping && mapping->executable && !mapping->ino &&
	    !memory_read(&target->memory, pc, input->code, sizeof(input->code)))
		input->code_bytes = sizeof(input->code);
}

/* Does the chain of frame pointers lead on to a call in a file, where it was checked? */
static bool leads_to_file(const struct unwind_target *target, const struct answer_unwind *answer,
			  uint32_t from)
{
	for (uint32_t i = from + 1; i < answer->nr; i++) {
		const struct mapping *mapping = maps_find(target->maps, answer->frames[i].addr - 1);

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
static void check_generated(const struct unwind_target *target, struct answer_unwind *answer)
{
	for (uint32_t i = 0; i < answer->nr; i++) {
		const struct native_frame *frame = &answer->frames[i];
		struct mapping *mapping = maps_find(target->maps, frame->addr - 1);

		if (!(frame->flags & NATIVE_BY_FRAME_POINTER) || !mapping || mapping->ino)
			continue;
		if (target->after_call(target->context, mapping, frame->addr) ||
		    leads_to_file(target, answer, i))
			continue;
		answer->nr = i;
		answer->flags = UNWIND_LOST;
		return;
	}
}

/* Asks once; what the symbolizer lacks is sent. 0: *done tells whether that was the answer; else -errno. */
static int ask_once(const struct unwind_target *target, const struct client_payload *payload,
		    struct answer *answer, bool *done)
{
	struct request request = {
		.kind = REQUEST_UNWIND,
		.unwind = { .space = target->reading },
	};
	uint32_t blamed;
	int err = client_ask_unwind(target->client, &request, payload, answer, &blamed);

	*done = false;
	if (err) {
		if (err != -ENOTCONN && err != -EAGAIN)
			target->blame(target->context, blamed, err);
		return err;
	}
	switch (answer->error) {
	case -ENOENT:
		return send_mappings(target);
	case -ESTALE:
		return send_file(target, answer->unwind.addr);
	case -ENOKEY:
		return send_debug(target, answer->unwind.addr);
	default:
		*done = true;
		return 0;
	}
}

int unwind_client_ask(const struct unwind_target *target, const struct bp_stack_copy *copy,
		      struct answer_unwind *out)
{
	uint32_t bytes = copy->bytes < BP_STACK_COPY_BYTES ? copy->bytes : BP_STACK_COPY_BYTES;
	struct unwind_input input;
	struct client_payload payload = { .v = { { &input, UNWIND_INPUT_HEADER_BYTES },
						 { (void *)copy->stack, bytes } } };
	unsigned int deaths = 0;
	struct answer answer;
	bool done;

	describe(target, copy, bytes, &input);
	for (int asks = 0; asks < ASKS_MAX && deaths < DEATHS_MAX; asks++) {
		int err = ask_once(target, &payload, &answer, &done);

		if (err == -EAGAIN)
			return err;
		if (done) {
			if (answer.error)
				return answer.error;
			*out = answer.unwind;
			check_generated(target, out);
			return 0;
		}
		deaths += err != 0;
	}
	return -ENOTCONN;
}
