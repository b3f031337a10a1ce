// SPDX-License-Identifier: GPL-2.0-or-later
/* code.c - what a code object is known by, so that one is not taken for another at its address. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/pages.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/lines.h"
#include "runtime/python/look.h"
#include "runtime/python/object.h"

#define FN_BYTES   512
#define FILE_BYTES 4096
/* A function of some 50,000 lines. Code whose table is longer has a name and no lines. */
#define LINES_BYTES_MAX (256u << 10)
#define CACHE_BYTES_MAX (16u << 20)
/* The part of a code object that is read: up to co_linetable. */
#define CODE_BYTES_MAX 160
/* What is read ahead of the objects that a new one refers to: most are no longer. */
#define AHEAD_FN_BYTES	  128
#define AHEAD_FILE_BYTES  256
#define AHEAD_LINES_BYTES 1024

#define CODE_UNIT_BYTES 2

/* CO_GENERATOR, CO_COROUTINE, CO_ITERABLE_COROUTINE, CO_ASYNC_GENERATOR of Include/cpython/code.h */
#define CO_SUSPENDS (0x20 | 0x80 | 0x100 | 0x200)

static void forget(struct py_code_cache *cache, struct py_code *code)
{
	if (!code->addr)
		return;
	cache->bytes -= strlen(code->fn) + strlen(code->file) + code->lines_bytes;
	free(code->fn);
	free(code->file);
	free(code->lines);
	memset(code, 0, sizeof(*code));
}

void py_code_cache_clear(struct py_code_cache *cache)
{
	for (size_t i = 0; i < PY_CODE_SLOTS; i++)
		forget(cache, &cache->slots[i]);
}

static struct py_code *slot_of(struct py_code_cache *cache, uint64_t addr)
{
	/* Fibonacci hashing; objects are aligned to 16 bytes. */
	return &cache->slots[(addr >> 4) * 0x9e3779b97f4a7c15ull >> 53];
}

_Static_assert(PY_CODE_SLOTS == 1 << (64 - 53), "the hash gives numbers of slots");

/* Bytes of a code object that are read. 0: the layout makes no sense. */
static size_t identity_bytes(const struct py_layout *layout)
{
	size_t size = layout->code_lines + sizeof(uint64_t);

	return size > CODE_BYTES_MAX || layout->code_filename >= size - 7 ||
			       layout->code_name >= size - 7 ||
			       layout->code_firstlineno >= size - 3 ||
			       layout->code_firstlineno < layout->code_flags_before
		       ? 0
		       : size;
}

static void take_identity(const struct py_layout *layout, const unsigned char *bytes,
			  struct py_code_identity *identity)
{
	memset(identity, 0, sizeof(*identity));
	memcpy(&identity->type, bytes + PY_OBJECT_TYPE, 8);
	memcpy(&identity->filename, bytes + layout->code_filename, 8);
	memcpy(&identity->name, bytes + layout->code_name, 8);
	memcpy(&identity->lines, bytes + layout->code_lines, 8);
	memcpy(&identity->firstlineno, bytes + layout->code_firstlineno, 4);
	memcpy(&identity->flags, bytes + layout->code_firstlineno - layout->code_flags_before, 4);
	if (layout->code_bytecode)
		memcpy(&identity->size, bytes + PY_VAR_SIZE, 8);
}

/* errors: of each; at most PY_CODES_AT_ONCE. */
static void read_identities(const struct python *python, const uint64_t *addrs, size_t nr,
			    struct py_code_identity *identities, int *errors)
{
	size_t size = identity_bytes(&python->layout);
	unsigned char bytes[PY_CODES_AT_ONCE][CODE_BYTES_MAX];
	struct memory_piece pieces[PY_CODES_AT_ONCE];

	for (size_t i = 0; i < nr; i++)
		pieces[i] = (struct memory_piece){ addrs[i], bytes[i], size, 0 };
	memory_read_pieces(&python->memory, pieces, nr);
	for (size_t i = 0; i < nr; i++) {
		errors[i] = !size || addrs[i] % sizeof(uint64_t) ? -EINVAL : pieces[i].error;
		if (!errors[i])
			take_identity(&python->layout, bytes[i], &identities[i]);
	}
}

static int check_type(struct python *python, uint64_t type)
{
	char name[8];
	int err;

	if (type == python->code_type)
		return 0;
	err = py_type_name(python, type, name, sizeof(name));
	if (err || strcmp(name, "code"))
		return -EINVAL;
	python->code_type = type;
	return 0;
}

/* path is, or ends in, this file. */
static int is_file(const char *path, const char *file)
{
	size_t length = strlen(path), wanted = strlen(file);

	return length >= wanted && strcmp(path + length - wanted, file) == 0 &&
	       (length == wanted || path[length - wanted - 1] == '/');
}

/* By the function's name, without its class's, and the file that it is in; NULL: any. */
static const struct meaning {
	const char *name;
	const char *file;
	enum py_code_kind kind;
	enum python_hub hub;
} meanings[] = {
	/* _Py_InitCleanup of Python/specialize.c, 3.12 on: tracebacks hide it, too */
	{ "__init__", "__init__", PY_CODE_SHIM, 0 },
	{ "_run_once", "asyncio/base_events.py", PY_CODE_RUN_ONCE, 0 },
	{ "_run_once", "nest_asyncio.py", PY_CODE_RUN_ONCE, 0 },
	{ "run_forever", NULL, PY_CODE_RUN_FOREVER, 0 },
	{ "run_until_complete", NULL, PY_CODE_RUN_FOREVER, 0 },
	{ "select", NULL, PY_CODE_SELECT, 0 },
	{ "<module>", NULL, PY_CODE_START, 0 },
	{ "_run_module_as_main", NULL, PY_CODE_START, 0 },
	{ "_bootstrap", "threading.py", PY_CODE_START, 0 },
	{ "getaddrinfo", "socket.py", PY_CODE_GETADDRINFO, 0 },
	{ "greenlet_main", "playwright/sync_api/_context_manager.py", PY_CODE_GUEST, 0 },
	{ "run", "gevent/hub.py", PY_CODE_HUB_RUN, PYTHON_HUB_GEVENT },
	{ "run", "trio/_core/_run.py", PY_CODE_HUB_RUN, PYTHON_HUB_TRIO },
	{ "unrolled_run", "trio/_core/_run.py", PY_CODE_HUB_RUN, PYTHON_HUB_TRIO },
	{ "get_events", "trio/_core/_io_epoll.py", PY_CODE_HUB_WAIT, PYTHON_HUB_TRIO },
	{ "mainLoop", "twisted/internet/base.py", PY_CODE_HUB_RUN, PYTHON_HUB_TWISTED },
	{ "doPoll", "twisted/internet/epollreactor.py", PY_CODE_HUB_WAIT, PYTHON_HUB_TWISTED },
	{ "doPoll", "twisted/internet/pollreactor.py", PY_CODE_HUB_WAIT, PYTHON_HUB_TWISTED },
	{ "doSelect", "twisted/internet/selectreactor.py", PY_CODE_HUB_WAIT, PYTHON_HUB_TWISTED },
	{ "run", "eventlet/hubs/hub.py", PY_CODE_HUB_RUN, PYTHON_HUB_EVENTLET },
	{ "wait", "eventlet/hubs/poll.py", PY_CODE_HUB_WAIT, PYTHON_HUB_EVENTLET },
	{ "do_poll", "eventlet/hubs/poll.py", PY_CODE_HUB_WAIT, PYTHON_HUB_EVENTLET },
	{ "do_poll", "eventlet/hubs/epolls.py", PY_CODE_HUB_WAIT, PYTHON_HUB_EVENTLET },
	{ "wait", "eventlet/hubs/selects.py", PY_CODE_HUB_WAIT, PYTHON_HUB_EVENTLET },
	{ "create_loop", "kombu/asynchronous/hub.py", PY_CODE_HUB_RUN, PYTHON_HUB_KOMBU },
	{ "poll", "kombu/utils/eventio.py", PY_CODE_HUB_WAIT, PYTHON_HUB_KOMBU },
	{ "start", "pika/adapters/select_connection.py", PY_CODE_HUB_RUN, PYTHON_HUB_PIKA },
	{ "poll", "pika/adapters/select_connection.py", PY_CODE_HUB_WAIT, PYTHON_HUB_PIKA },
	{ "loop", "asyncore.py", PY_CODE_HUB_RUN, PYTHON_HUB_ASYNCORE },
	{ "poll", "asyncore.py", PY_CODE_HUB_WAIT, PYTHON_HUB_ASYNCORE },
	{ "poll2", "asyncore.py", PY_CODE_HUB_WAIT, PYTHON_HUB_ASYNCORE },
	{ "_worker", "concurrent/futures/thread.py", PY_CODE_POOL_WORKER, 0 },
	{ "run", "concurrent/futures/thread.py", PY_CODE_POOL_RUN, 0 },
};

static void find_meaning(struct py_code *code)
{
	const char *dot = strrchr(code->fn, '.');
	const char *name = dot ? dot + 1 : code->fn;

	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		const struct meaning *meaning = &meanings[i];

		if (strcmp(name, meaning->name) ||
		    (meaning->file && !is_file(code->file, meaning->file)))
			continue;
		code->kind = meaning->kind;
		code->hub = meaning->hub;
		return;
	}
}

static int read_lines(struct python *python, struct py_code *code)
{
	size_t size;
	int err = py_bytes_size(python, code->identity.lines, &size);

	if (err)
		return err;
	code->lines_cut = size > LINES_BYTES_MAX;
	if (size == 0 || code->lines_cut)
		return 0;
	code->lines = malloc(size);
	if (!code->lines)
		return -ENOMEM;
	code->lines_bytes = size;
	return memory_read(&python->memory, code->identity.lines + PY_BYTES_DATA, code->lines,
			   size);
}

static int load(struct python *python, uint64_t addr, const struct py_code_identity *identity,
		struct py_code *code)
{
	char fn[FN_BYTES], file[FILE_BYTES];
	int err = check_type(python, identity->type);

	if (!err)
		err = py_str(python, identity->name, fn, sizeof(fn));
	if (!err)
		err = py_str(python, identity->filename, file, sizeof(file));
	if (err)
		return err;

	*code = (struct py_code){ .addr = addr, .identity = *identity };
	code->fn = strdup(fn);
	code->file = strdup(file);
	err = code->fn && code->file ? read_lines(python, code) : -ENOMEM;
	if (!err)
		find_meaning(code);
	if (err) {
		free(code->fn);
		free(code->file);
		free(code->lines);
	}
	return err;
}

/* err: of reading its identity. */
static int code_of(struct python *python, uint64_t addr, const struct py_code_identity *identity,
		   int err, const struct py_code **out)
{
	struct py_code_cache *cache = &python->codes;
	struct py_code *slot = slot_of(cache, addr);
	struct py_code code;

	if (err == -ESRCH && slot->addr == addr) {
		/* the process has gone: what was there last is what there was */
		*out = slot;
		return 0;
	}
	if (err)
		return err;
	if (slot->addr != addr || memcmp(&slot->identity, identity, sizeof(*identity))) {
		err = load(python, addr, identity, &code);
		if (err)
			return err;
		forget(cache, slot);
		if (cache->bytes > CACHE_BYTES_MAX)
			py_code_cache_clear(cache);
		*slot = code;
		cache->bytes += strlen(code.fn) + strlen(code.file) + code.lines_bytes;
	}
	*out = slot;
	return 0;
}

int py_code_at(struct python *python, uint64_t addr, const struct py_code **out)
{
	struct py_code_identity identity;
	int err;

	read_identities(python, &addr, 1, &identity, &err);
	return code_of(python, addr, &identity, err, out);
}

static bool is_cached(struct python *python, uint64_t addr, const struct py_code_identity *identity)
{
	const struct py_code *slot = slot_of(&python->codes, addr);

	return slot->addr == addr && !memcmp(&slot->identity, identity, sizeof(*identity));
}

/* Is it one of those before it, too? */
static bool is_repeated(const struct py_codes *codes, size_t nth)
{
	for (size_t i = 0; i < nth; i++)
		if (codes->addrs[i] == codes->addrs[nth])
			return true;
	return false;
}

/*
 * Those that are not known yet, by one question for all of them: each by itself takes half
 * a dozen, and a program that is imported brings thousands.
 */
static void load_new(struct py_codes *codes)
{
	struct python *python = codes->python;
	struct memory_piece ahead[PY_CODES_AT_ONCE][3];
	size_t new[PY_CODES_AT_ONCE], nr = 0;
	const struct py_code *code;
	int err;

	for (size_t i = 0; i < codes->nr; i++) {
		const struct py_code_identity *identity = &codes->identities[i];

		if (codes->errors[i] || is_cached(python, codes->addrs[i], identity) ||
		    is_repeated(codes, i))
			continue;
		ahead[nr][0] = (struct memory_piece){ identity->name, NULL, AHEAD_FN_BYTES, 0 };
		ahead[nr][1] =
			(struct memory_piece){ identity->filename, NULL, AHEAD_FILE_BYTES, 0 };
		ahead[nr][2] = (struct memory_piece){ identity->lines, NULL, AHEAD_LINES_BYTES, 0 };
		new[nr++] = i;
	}
	if (nr)
		pages_ahead(python->pages, ahead[0], 3 * nr);
	for (size_t i = 0; i < nr; i++) {
		err = code_of(python, codes->addrs[new[i]], &codes->identities[new[i]], 0, &code);
		/* that is not tried again; of a process that has ended what is known is asked for */
		if (err && err != -ESRCH)
			codes->errors[new[i]] = err;
	}
}

void py_codes_start(struct py_codes *codes, struct python *python, const void *first, size_t stride,
		    size_t nr)
{
	codes->python = python;
	codes->first = first;
	codes->stride = stride;
	codes->left = nr;
	codes->nr = codes->next = 0;
}

int py_codes_next(struct py_codes *codes, const struct py_code **out)
{
	size_t i = codes->next++;

	if (i == codes->nr) {
		struct python_look look PYTHON_LOOKING = python_look_begin(codes->python);

		codes->nr = codes->left < PY_CODES_AT_ONCE ? codes->left : PY_CODES_AT_ONCE;
		codes->left -= codes->nr;
		for (i = 0; i < codes->nr; i++, codes->first += codes->stride) {
			memcpy(&codes->addrs[i], codes->first, sizeof(codes->addrs[i]));
			codes->addrs[i] &= ~BP_PYTHON_ENTRY;
		}
		read_identities(codes->python, codes->addrs, codes->nr, codes->identities,
				codes->errors);
		load_new(codes);
		i = 0;
		codes->next = 1;
	}
	return code_of(codes->python, codes->addrs[i], &codes->identities[i], codes->errors[i],
		       out);
}

unsigned int py_code_line(const struct python *python, const struct py_code *code, uint64_t instr)
{
	const struct py_layout *layout = &python->layout;
	int64_t offset;

	if (code->lines_cut)
		return 0;
	if (layout->code_bytecode) {
		uint64_t start = code->addr + layout->code_bytecode;

		/* From 3.11 on a frame that has not started points before the first instruction. */
		if (instr + CODE_UNIT_BYTES == start)
			offset = -1;
		else if (instr < start || (instr - start) / CODE_UNIT_BYTES >= code->identity.size)
			return 0;
		else
			offset = (int64_t)(instr - start);
	} else {
		offset = (int32_t)instr;
		if (layout->lines == PY_LINES_RANGES)
			offset *= CODE_UNIT_BYTES; /* 3.10 counts code units */
	}
	return py_line(layout->lines, code->lines, code->lines_bytes, code->identity.firstlineno,
		       offset);
}

int py_code_local(struct python *python, const struct py_code *code, const char *name,
		  size_t *index)
{
	uint64_t names;
	int err = memory_read_ptr(&python->memory, code->addr + python->layout.code_locals, &names);

	return err ? err : py_tuple_index(python, names, name, index);
}

static int name_of(const struct python *python, const struct py_code *code, uint64_t instr,
		   struct python_name *out)
{
	out->fn = code->fn;
	if (code->kind == PY_CODE_SHIM) {
		out->file = NULL;
		out->line = 0;
		return 1;
	}
	out->file = code->file;
	out->suspends = code->identity.flags & CO_SUSPENDS;
	out->line = py_code_line(python, code, instr);
	return 0;
}

int python_frame_name(struct python *python, const struct bp_python_frame *frame,
		      struct python_name *out)
{
	const struct py_code *code;
	int err = py_code_at(python, frame->code & ~BP_PYTHON_ENTRY, &code);

	return err ? err : name_of(python, code, frame->instr, out);
}

void python_frame_names(struct python *python, const struct bp_python_frame *frames, size_t nr,
			python_name_fn *fn, void *context)
{
	struct py_codes codes;

	py_codes_start(&codes, python, &frames->code, sizeof(*frames), nr);
	for (size_t i = 0; i < nr; i++) {
		const struct py_code *code;
		struct python_name name;
		int err = py_codes_next(&codes, &code);

		fn(context, err ? err : name_of(python, code, frames[i].instr, &name), &name);
	}
}
