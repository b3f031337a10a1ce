// SPDX-License-Identifier: GPL-2.0-or-later
/* chain.c - the fields of a task, and how its coroutines lead from one to the next. */
#include "runtime/python/chain.h"

#include <errno.h>
#include <string.h>

#include "runtime/python/asyncio.h"
#include "runtime/python/coroutine.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/object.h"

#define TASK_BYTES   192 /* of the object: up to its name, in every version */
#define WRAPPERS_MAX 8 /* that stand for each other */
#define NAME_BYTES   512

static uint64_t word_at(const unsigned char *bytes, size_t at)
{
	uint64_t value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static int read_task(const struct python *python, uint64_t task, struct py_chain *out)
{
	const struct py_layout *layout = &python->layout;
	unsigned char bytes[TASK_BYTES];
	uint32_t state;
	int err = memory_read(&python->memory, task, bytes, layout->task_name + 8);

	if (err)
		return err;
	out->task = task;
	out->loop = word_at(bytes, PY_TASK_LOOP);
	out->name = word_at(bytes, layout->task_name);
	out->coro = word_at(bytes, layout->task_coro);
	out->waiter.object = word_at(bytes, layout->task_waiter);
	memcpy(&state, bytes + layout->task_state, sizeof(state));
	if (state > PY_FUTURE_FINISHED)
		return -EINVAL;
	out->state = (enum py_future_state)state;
	return 0;
}

/* What a wrapper stands for, or the object itself. */
static uint64_t unwrap(const struct python *python, struct py_kinds *kinds, uint64_t object)
{
	for (int i = 0; i < WRAPPERS_MAX; i++) {
		if (!object || py_kind_of(python, kinds, object) != PY_KIND_WRAPPER ||
		    memory_read_ptr(&python->memory, object + PY_WRAPPED, &object))
			break;
	}
	return object;
}

static bool is_in(const struct py_chain *chain, uint64_t frame)
{
	for (unsigned int i = 0; i < chain->nr; i++)
		if (chain->links[i].frame == frame)
			return true;
	return false;
}

static int read_links(const struct python *python, struct py_kinds *kinds, struct py_chain *out)
{
	uint64_t object = unwrap(python, kinds, out->coro);
	struct py_coroutine coroutine;

	while (object && py_kind_of(python, kinds, object) == PY_KIND_COROUTINE) {
		int err = py_coroutine_read(python, object, &coroutine);

		if (err)
			return err;
		if (coroutine.state == PY_COROUTINE_ENDED)
			return 0;
		/* memory that changes, or is hostile, may go round in a circle */
		if (is_in(out, coroutine.frame))
			return -EINVAL;
		if (out->nr == PY_CHAIN_MAX) {
			out->cut = true;
			return 0;
		}
		out->links[out->nr++] = (struct py_link){
			.code = coroutine.code,
			.instr = coroutine.instr,
			.qualname = coroutine.qualname,
			.frame = coroutine.frame,
		};
		if (coroutine.state == PY_COROUTINE_RUNNING) {
			out->running = true;
			return 0;
		}
		object = unwrap(python, kinds, coroutine.awaits);
	}
	return 0;
}

static int read_waiter(struct python *python, struct py_kinds *kinds, struct py_waiter *waiter)
{
	const struct py_layout *layout = &python->layout;
	int err = py_type_of(python, waiter->object, &waiter->type);

	waiter->kind = py_kind_of(python, kinds, waiter->object);
	/* others may be futures, too, of whose insides nothing is known */
	if (err || (waiter->kind != PY_KIND_TASK && waiter->kind != PY_KIND_GATHERING &&
		    waiter->kind != PY_KIND_FUTURE))
		return err;
	if (waiter->kind == PY_KIND_TASK)
		err = memory_read_ptr(&python->memory, waiter->object + layout->task_name,
				      &waiter->name);
	/* FutureObj and TaskObj begin alike (FutureObj_HEAD) */
	if (!err)
		err = memory_read_u32(&python->memory, waiter->object + layout->task_state,
				      &waiter->state);
	return err;
}

static void read_argument(const struct python *python, const struct py_link *link,
			  struct py_argument *out)
{
	uint64_t ref;

	if (memory_read_ptr(&python->memory, link->frame + python->layout.frame_locals, &ref)) {
		*out = (struct py_argument){ 0 };
		return;
	}
	out->object = py_ref_object(ref);
	if (memory_read(&python->memory, out->object + PY_VAR_SIZE, out->words, sizeof(out->words)))
		*out = (struct py_argument){ 0 };
}

int py_chain_read(struct python *python, struct py_kinds *kinds, uint64_t task,
		  struct py_chain *out)
{
	int err;

	out->running = false;
	out->cut = false;
	out->nr = 0;
	out->waiter = (struct py_waiter){ 0 };
	out->argument = (struct py_argument){ 0 };
	if (py_kind_of(python, kinds, task) != PY_KIND_TASK)
		return -EINVAL;
	err = read_task(python, task, out);
	if (err || !out->coro || out->state != PY_FUTURE_PENDING)
		return err;
	if (out->waiter.object)
		err = read_waiter(python, kinds, &out->waiter);
	if (!err)
		err = read_links(python, kinds, out);
	if (!err && out->nr && !out->running)
		read_argument(python, &out->links[out->nr - 1], &out->argument);
	return err;
}

static uint64_t mix(uint64_t sign, uint64_t word)
{
	sign = (sign ^ word) * 0x9e3779b97f4a7c15ull;
	return sign ^ sign >> 29;
}

/* 0: it cannot be read. */
static uint64_t mix_name(struct python *python, uint64_t sign, uint64_t object)
{
	char name[NAME_BYTES];

	if (py_task_name(python, object, name, sizeof(name)))
		return 0;
	for (const char *at = name; *at; at++)
		sign = mix(sign, (unsigned char)*at);
	return mix(sign, object);
}

uint64_t py_chain_sign(struct python *python, const struct py_chain *chain)
{
	const struct py_waiter *waiter = &chain->waiter;
	uint64_t sign = mix(0, chain->task);

	sign = mix(sign, chain->loop);
	sign = mix(sign, chain->coro);
	sign = mix_name(python, sign, chain->name);
	if (!sign)
		return 0;
	sign = mix(sign, chain->state);
	sign = mix(sign, chain->running);
	if (chain->running)
		return sign;
	sign = mix(sign, waiter->object);
	sign = mix(sign, waiter->type);
	sign = mix(sign, waiter->state);
	if (waiter->kind == PY_KIND_TASK)
		sign = mix_name(python, sign, waiter->name);
	if (!sign)
		return 0;
	sign = mix(sign, chain->argument.object);
	sign = mix(sign, chain->argument.words[0]);
	sign = mix(sign, chain->argument.words[1]);
	for (unsigned int i = 0; i < chain->nr; i++) {
		sign = mix(sign, chain->links[i].code);
		sign = mix(sign, chain->links[i].instr);
		sign = mix(sign, chain->links[i].qualname);
		sign = mix(sign, chain->links[i].frame);
	}
	return sign;
}
