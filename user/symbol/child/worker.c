// SPDX-License-Identifier: GPL-2.0-or-later
/* worker.c - keeps the files it is sent, within bounds, and names functions in them. */
#include "symbol/child/worker.h"

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "symbol/child/elf/debug_names.h"
#include "symbol/child/elf/elf_addresses.h"
#include "symbol/child/elf/elf_file.h"
#include "symbol/child/elf/identity.h"
#include "symbol/child/elf/objects.h"
#include "symbol/child/elf/word.h"
#include "symbol/child/perf_maps.h"
#include "symbol/child/unwind/unwind_serve.h"
#include "symbol/wire/name.h"
#include "symbol/wire/protocol.h"
#include "symbol/wire/unwind_packet.h"

#define FILES_MAX  48 /* of up to three descriptors each, less than symbolizer_sandbox.files */
#define BYTES_MAX  (24u << 20) /* of tables; a single larger file is kept until the next comes */
#define MEMORY_MAX (24u << 20) /* with debug information: likewise */
#define NAMES_MAX  64
/* Of what is sent with a request the copy of a stack is the largest. */
#define PAYLOAD_BYTES sizeof(struct unwind_input)

struct held {
	uint32_t id;
	struct elf_file *file;
	uint64_t used; /* worker->uses when it was asked last */
};

struct worker {
	struct held files[FILES_MAX];
	size_t nr;
	size_t bytes;
	uint64_t uses;
	struct perf_maps maps;
	struct unwind_server *unwind;
	void *payload; /* of the last request */
};

static struct held *held(struct worker *worker, uint32_t id)
{
	for (size_t i = 0; i < worker->nr; i++)
		if (worker->files[i].id == id)
			return &worker->files[i];
	return NULL;
}

static void drop_oldest(struct worker *worker)
{
	struct held *oldest = &worker->files[0];

	for (size_t i = 1; i < worker->nr; i++)
		if (worker->files[i].used < oldest->used)
			oldest = &worker->files[i];
	worker->bytes -= elf_file_bytes(oldest->file);
	elf_file_close(oldest->file);
	*oldest = worker->files[--worker->nr];
}

static size_t held_bytes(const struct worker *worker)
{
	size_t bytes = 0;

	for (size_t i = 0; i < worker->nr; i++)
		bytes += elf_file_bytes(worker->files[i].file);
	return bytes;
}

/* By what malloc() has given out: libdw does not say what it keeps. */
static bool is_too_much(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd > MEMORY_MAX;
}

/* Debug information is the larger part; that of the file that was asked last stays. */
static void save_memory(struct worker *worker)
{
	while (is_too_much()) {
		struct held *oldest = NULL;

		for (size_t i = 0; i < worker->nr; i++) {
			struct held *file = &worker->files[i];

			if (!elf_file_is_shed(file->file) && file->used != worker->uses &&
			    (!oldest || file->used < oldest->used))
				oldest = file;
		}
		if (!oldest)
			return;
		elf_file_shed(oldest->file);
		malloc_trim(0);
	}
}

static int hold(struct worker *worker, uint32_t id, int fd, struct held **out)
{
	struct held *new;
	int err;

	while (worker->nr == FILES_MAX || (worker->nr && worker->bytes > BYTES_MAX))
		drop_oldest(worker);
	new = &worker->files[worker->nr];
	err = elf_file_open(&new->file, fd);
	if (err)
		return err;
	new->id = id;
	worker->nr++;
	worker->bytes += elf_file_bytes(new->file);
	*out = new;
	return 0;
}

static void add_text(struct answer *answer, const char *text)
{
	size_t bytes = strlen(text) + 1;

	memcpy(answer->text + answer->text_bytes, text, bytes);
	answer->text_bytes += (uint32_t)bytes;
}

/* False: there is no room for it. */
static bool add_line(struct answer *answer, const char *fn, const char *file, uint32_t line)
{
	if (answer->nr_lines == ANSWER_LINES_MAX ||
	    strlen(fn) + strlen(file) + 2 > sizeof(answer->text) - answer->text_bytes)
		return false;
	answer->lines[answer->nr_lines++] = line;
	add_text(answer, fn);
	add_text(answer, file);
	return true;
}

static bool tell_line(void *context, const char *fn, const char *file, unsigned int line)
{
	char name[ANSWER_NAME_BYTES] = "";

	if (*fn)
		name_display(fn, name, sizeof(name));
	return add_line(context, name, file, line);
}

static void name_symbol(struct elf_file *file, const struct request *request, struct answer *answer)
{
	uint32_t back = request->is_return ? 1 : 0;
	struct elf_place place;

	/* The end of a function is where the call to one that never returns would return to. */
	if (request->offset < back ||
	    elf_file_vaddr(file, request->offset - back, &answer->vaddr)) {
		answer->vaddr = request->offset;
		return;
	}
	answer->vaddr += back;
	answer->after_call = elf_file_after_call(file, request->offset);
	elf_file_lookup(file, answer->vaddr - back, !request->without_lines, &place, tell_line,
			answer);
	if (place.start)
		answer->symbol_offset = answer->vaddr - place.start;
	answer->incomplete = place.incomplete;
	answer->wants = elf_file_wants(file);
}

static void tell_links(const struct elf_file *file, struct answer *answer)
{
	const struct debug_names *names = elf_file_names(file);
	char id[BUILD_ID_TEXT_BYTES];

	build_id_print(&names->id, id);
	add_text(answer, id);
	add_text(answer, names->link);
	build_id_print(&names->shared_id, id);
	add_text(answer, id);
	add_text(answer, names->shared);
}

/* The names that a request has, as strings; how many. */
static size_t split_names(const struct request *request, const char **names)
{
	size_t nr = 0;

	for (const char *at = request->text, *end = at + request->text_bytes;
	     at < end && nr < NAMES_MAX; at += strlen(at) + 1)
		names[nr++] = at;
	return nr;
}

static void answer_about(struct elf_file *file, const struct request *request,
			 struct answer *answer)
{
	const char *names[NAMES_MAX];

	switch (request->kind) {
	case REQUEST_SYMBOL:
		name_symbol(file, request, answer);
		break;
	case REQUEST_DEFINED:
		answer->defined = elf_file_defined(file, names, split_names(request, names));
		break;
	case REQUEST_LINKS:
		tell_links(file, answer);
		break;
	}
}

static bool is_sound(const struct request *request)
{
	if (request->kind == REQUEST_SYMBOL || request->kind == REQUEST_LINKS ||
	    request->kind == REQUEST_IDENTITY || request->kind == REQUEST_MAP_READ ||
	    request->kind == REQUEST_MAP_NAME)
		return true;
	if (request->kind == REQUEST_ATTACH)
		return request->offset == DEBUG_FILE_OWN || request->offset == DEBUG_FILE_SHARED;
	return (request->kind == REQUEST_DEFINED || request->kind == REQUEST_WORD ||
		request->kind == REQUEST_OBJECTS || request->kind == REQUEST_LOCAL_OBJECTS ||
		request->kind == REQUEST_ADDRESSES || request->kind == REQUEST_LOCAL_ADDRESSES) &&
	       request->text_bytes && request->text_bytes <= sizeof(request->text) &&
	       !request->text[request->text_bytes - 1];
}

/* Needs no tables of the file, which take long for a large one: it is not kept. Takes fd. */
static void serve_word(const struct request *request, int fd, struct answer *answer)
{
	if (fd < 0) {
		answer->error = -ESTALE;
		return;
	}
	if (!word_find(fd, request->text, answer->text, sizeof(answer->text)))
		answer->text_bytes = (uint32_t)strlen(answer->text) + 1;
	close(fd);
}

/* Likewise. What there is no room for is left out. */
static void serve_objects(const struct request *request, int fd, struct answer *answer)
{
	struct object objects[ANSWER_LINES_MAX];
	unsigned char bytes[ANSWER_LINES_MAX][OBJECT_BYTES_MAX];
	const char *names[NAMES_MAX];
	size_t nr = split_names(request, names);

	if (fd < 0) {
		answer->error = -ESTALE;
		return;
	}
	if (nr > ANSWER_LINES_MAX)
		nr = ANSWER_LINES_MAX;
	for (size_t i = 0; i < nr; i++)
		objects[i] = (struct object){ .name = names[i], .bytes = bytes[i] };
	answer->error = objects_read(fd, request->kind == REQUEST_LOCAL_OBJECTS, objects, nr);
	for (size_t i = 0; i < nr && !answer->error; i++) {
		if (objects[i].nr >= sizeof(answer->text) - answer->text_bytes)
			break;
		answer->lines[answer->nr_lines++] = (uint32_t)objects[i].nr;
		memcpy(answer->text + answer->text_bytes, bytes[i], objects[i].nr);
		answer->text_bytes += (uint32_t)objects[i].nr;
	}
	answer->text[answer->text_bytes++] = '\0';
	close(fd);
}

/* Likewise. A file that it cannot be said of may have names for all that. */
static void serve_addresses(const struct request *request, int fd, struct answer *answer)
{
	struct elf_address wanted[NAMES_MAX];
	const char *names[NAMES_MAX];
	size_t nr = split_names(request, names);
	bool local = request->kind == REQUEST_LOCAL_ADDRESSES;

	if (fd < 0) {
		answer->error = -ESTALE;
		return;
	}
	for (size_t i = 0; i < nr; i++)
		wanted[i] = (struct elf_address){ .name = names[i] };
	if (!elf_addresses_read(fd, request->offset, local, wanted, nr, &answer->vaddr)) {
		for (size_t i = 0; i < nr; i++)
			memcpy(answer->text + i * sizeof(wanted[i].addr), &wanted[i].addr,
			       sizeof(wanted[i].addr));
		answer->text_bytes = (uint32_t)(nr * sizeof(wanted[0].addr)) + 1;
	}
	close(fd);
}

/* Likewise: if the content is known, this file is not needed. */
static void serve_identity(const struct request *request, int fd, struct answer *answer)
{
	if (fd < 0) {
		answer->error = -ESTALE;
		return;
	}
	answer->defined = elf_identity(fd, request->offset);
	close(fd);
}

static void serve_attach(struct held *found, const struct request *request, int fd,
			 struct answer *answer)
{
	if (fd >= 0 && found)
		answer->error = elf_file_attach(found->file, (enum debug_file)request->offset, fd);
	else
		answer->error = -ESTALE;
	if (fd >= 0 && !found)
		close(fd);
	if (found)
		answer->wants = elf_file_wants(found->file);
}

/* Takes fd (-1: none came). */
static void serve(struct worker *worker, const struct request *request, int fd,
		  struct answer *answer)
{
	struct held *found = held(worker, request->file);

	answer->sequence = request->sequence;
	if (request->kind == REQUEST_WORD && is_sound(request)) {
		serve_word(request, fd, answer);
		return;
	}
	if (request->kind == REQUEST_MAP_READ || request->kind == REQUEST_MAP_NAME) {
		perf_maps_serve(&worker->maps, request, fd, answer);
		return;
	}
	if ((request->kind == REQUEST_OBJECTS || request->kind == REQUEST_LOCAL_OBJECTS) &&
	    is_sound(request)) {
		serve_objects(request, fd, answer);
		return;
	}
	if ((request->kind == REQUEST_ADDRESSES || request->kind == REQUEST_LOCAL_ADDRESSES) &&
	    is_sound(request)) {
		serve_addresses(request, fd, answer);
		return;
	}
	if (request->kind == REQUEST_IDENTITY) {
		serve_identity(request, fd, answer);
		return;
	}
	if (request->kind == REQUEST_ATTACH && is_sound(request)) {
		serve_attach(found, request, fd, answer);
		worker->bytes = held_bytes(worker);
		return;
	}
	if (!is_sound(request))
		answer->error = -ENOSYS;
	else if (!found && fd < 0)
		answer->error = -ESTALE;
	else if (!found)
		answer->error = hold(worker, request->file, fd, &found);
	else if (fd >= 0)
		close(fd);
	if (answer->error)
		return;
	found->used = ++worker->uses;
	answer_about(found->file, request, answer);
	save_memory(worker);
}

static bool receive(int socket, struct request *request, void *payload, int *fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec parts[] = { { request, sizeof(*request) }, { payload, PAYLOAD_BYTES } };
	struct msghdr message = {
		.msg_iov = parts,
		.msg_iovlen = 2,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *header;
	ssize_t got;

	do {
		got = recvmsg(socket, &message, 0);
	} while (got < 0 && errno == EINTR);
	if (got < (ssize_t)sizeof(*request) || request->payload_bytes > PAYLOAD_BYTES ||
	    (size_t)got != sizeof(*request) + request->payload_bytes)
		return false;
	*fd = -1;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(fd, CMSG_DATA(header), sizeof(*fd));
	return true;
}

static bool answer_send(int socket, const struct answer *answer)
{
	size_t bytes = ANSWER_HEADER_BYTES + answer->text_bytes;

	return send(socket, answer, bytes, 0) == (ssize_t)bytes;
}

/* The debug file came to have names looked up in it. */
static bool serve_cfi_debug(struct worker *worker, const struct request *request, int fd)
{
	const struct held *found = held(worker, request->file);

	if (fd >= 0)
		close(fd);
	return unwind_serve(worker->unwind, request, worker->payload,
			    found ? elf_file_debug_fd(found->file) : -1);
}

static bool answer_next(struct worker *worker, int socket, const struct request *request, int fd)
{
	struct answer answer = { 0 };

	if (request->kind == REQUEST_CFI_DEBUG)
		return serve_cfi_debug(worker, request, fd);
	if (unwind_serves(request))
		return unwind_serve(worker->unwind, request, worker->payload, fd);
	serve(worker, request, fd, &answer);
	return answer_send(socket, &answer);
}

void worker_run(int socket)
{
	struct worker worker = { .payload = malloc(PAYLOAD_BYTES) };
	struct answer ready = { 0 };
	struct request request;
	int fd;

	if (worker.payload && unwind_server_new(&worker.unwind, socket) == 0 &&
	    answer_send(socket, &ready))
		while (receive(socket, &request, worker.payload, &fd) &&
		       answer_next(&worker, socket, &request, fd))
			continue;
	while (worker.nr)
		drop_oldest(&worker);
	perf_maps_drop(&worker.maps);
	unwind_server_free(worker.unwind);
	free(worker.payload);
}
