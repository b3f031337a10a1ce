// SPDX-License-Identifier: GPL-2.0-or-later
/* worker.c - takes requests from the socket, has them answered, and sends the answers. */
#include "symbol/child/worker.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "symbol/child/elf/elf_file.h"
#include "symbol/child/elf/identity.h"
#include "symbol/child/file_answers.h"
#include "symbol/child/incoming.h"
#include "symbol/child/kept_files.h"
#include "symbol/child/perf_maps.h"
#include "symbol/child/unwind/unwind_serve.h"
#include "symbol/wire/debug_file.h"
#include "symbol/wire/protocol.h"
#include "symbol/wire/unwind_payload.h"

/* Of what is sent with a request the copy of a stack is the largest. */
#define PAYLOAD_BYTES sizeof(struct unwind_input)

/* Files are asked for again where they are needed: it takes longer then, once. */
#define EXPIRE_EVERY_MS 20000
#define EXPIRE_EVERY_NS (EXPIRE_EVERY_MS * NS_PER_MS)

struct worker {
	struct incoming incoming;
	struct kept_files files;
	struct perf_maps maps;
	struct unwind_server *unwind;
	void *payload; /* of the last request */
	uint64_t expire_ns; /* when what was not used is dropped next */
};

static bool is_sound(const struct request_text *text)
{
	return text->bytes && text->bytes <= sizeof(text->v) && !text->v[text->bytes - 1];
}

/* Of a file that is kept. Takes fd. */
static int answer_kept(struct worker *worker, const struct request *request, int fd,
		       struct answer *answer)
{
	struct elf_file *file = kept_files_find(&worker->files, request->file);
	int given __closing = fd, err;

	if (request->kind == REQUEST_DEFINED && !is_sound(&request->defined.names))
		return -EINVAL;
	if (!file && fd < 0)
		return -ESTALE;
	if (!file) {
		given = -1;
		err = kept_files_add(&worker->files, request->file, fd, &file);
		if (err)
			return err;
	}
	if (request->kind == REQUEST_SYMBOL)
		file_answer_symbol(file, request, &answer->symbol);
	else if (request->kind == REQUEST_DEFINED)
		answer->defined = file_answer_defined(file, request);
	else
		file_answer_links(file, answer);
	kept_files_save_memory(&worker->files);
	return 0;
}

/* Takes fd. */
static int attach(struct worker *worker, const struct request *request, int fd)
{
	struct elf_file *file = kept_files_find(&worker->files, request->file);
	uint32_t which = request->attach.which;
	int given __closing = fd;

	if (which != DEBUG_FILE_OWN && which != DEBUG_FILE_SHARED)
		return -EINVAL;
	if (fd < 0 || !file)
		return -ESTALE;
	given = -1;
	return elf_file_attach(file, (enum debug_file)which, fd);
}

/* Of a file that is not kept. Takes fd. */
static int answer_once(const struct request *request, int fd, struct answer *answer)
{
	int given __closing = fd;

	if (fd < 0)
		return -ESTALE;
	switch (request->kind) {
	case REQUEST_VERSION:
		return is_sound(&request->version.before)
			       ? file_answer_version(given, request, answer)
			       : -EINVAL;
	case REQUEST_OBJECTS:
		return is_sound(&request->objects.names)
			       ? file_answer_objects(given, request, &answer->objects)
			       : -EINVAL;
	case REQUEST_ADDRESSES:
		return is_sound(&request->addresses.names)
			       ? file_answer_addresses(given, request, &answer->addresses)
			       : -EINVAL;
	default:
		answer->identity = elf_identity(given, request->identity.secret);
		return 0;
	}
}

/* Takes fd. */
static int answer_unwinding(struct worker *worker, const struct request *request, int fd,
			    struct answer *answer)
{
	const struct elf_file *file;

	if (request->kind != REQUEST_CFI_DEBUG)
		return unwind_serve(worker->unwind, request, worker->payload, fd, &answer->unwind);
	/* The debug file has come already, to have names looked up in it. */
	if (fd >= 0)
		close(fd);
	file = kept_files_find(&worker->files, request->file);
	return unwind_serve_debug(worker->unwind, request->file,
				  file ? elf_file_debug_fd(file) : -1);
}

/* Takes fd (-1: none came). 0, or the answer's error. */
static int answer_to(struct worker *worker, const struct request *request, int fd,
		     struct answer *answer)
{
	switch (request->kind) {
	case REQUEST_SYMBOL:
	case REQUEST_DEFINED:
	case REQUEST_LINKS:
		return answer_kept(worker, request, fd, answer);
	case REQUEST_ATTACH:
		return attach(worker, request, fd);
	case REQUEST_VERSION:
	case REQUEST_OBJECTS:
	case REQUEST_ADDRESSES:
	case REQUEST_IDENTITY:
		return answer_once(request, fd, answer);
	case REQUEST_MAP_READ:
	case REQUEST_MAP_NAME:
		return perf_maps_answer(&worker->maps, request, fd, answer);
	case REQUEST_MAPPINGS:
	case REQUEST_CFI:
	case REQUEST_CFI_DEBUG:
	case REQUEST_UNWIND:
		return answer_unwinding(worker, request, fd, answer);
	default:
		if (fd >= 0)
			close(fd);
		return -ENOSYS;
	}
}

static void expire(struct worker *worker)
{
	uint64_t now_ns = clock_coarse_ns();

	if (now_ns < worker->expire_ns)
		return;
	worker->expire_ns = now_ns + EXPIRE_EVERY_NS;
	kept_files_expire(&worker->files);
	perf_maps_expire(&worker->maps);
	unwind_server_expire(worker->unwind);
	malloc_trim(0);
}

static bool receive(struct worker *worker, int socket, struct request *request, int *fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec parts[] = { { request, sizeof(*request) },
				 { worker->payload, PAYLOAD_BYTES } };
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

static bool answer_send(int socket, const struct answer *answer, uint32_t kind)
{
	size_t bytes = answer_bytes(answer, kind, sizeof(*answer));

	return bytes && send(socket, answer, bytes, 0) == (ssize_t)bytes;
}

/* Until a request is there. Files are taken meanwhile: who sends them never waits for room. */
static void wait_request(struct worker *worker, int socket)
{
	struct pollfd fds[] = {
		{ .fd = socket, .events = POLLIN },
		{ .fd = worker->incoming.socket, .events = POLLIN },
	};

	do {
		/* when nothing comes for that long, memory is given back */
		poll(fds, 2, EXPIRE_EVERY_MS);
		expire(worker);
		incoming_take(&worker->incoming);
	} while (!fds[0].revents);
}

static bool answer_next(struct worker *worker, int socket)
{
	struct answer answer = { 0 };
	struct request request;
	int fd;

	wait_request(worker, socket);
	if (!receive(worker, socket, &request, &fd))
		return false;
	answer.sequence = request.sequence;
	if (fd < 0 && request.ticket)
		fd = incoming_file(&worker->incoming, request.ticket);
	answer.error = answer_to(worker, &request, fd, &answer);
	return answer_send(socket, &answer, request.kind);
}

void worker_run(int socket, int files)
{
	struct worker worker = { .payload = malloc(PAYLOAD_BYTES) };
	struct answer ready = { 0 };

	incoming_start(&worker.incoming, files);
	if (worker.payload && unwind_server_new(&worker.unwind, socket) == 0 &&
	    answer_send(socket, &ready, 0))
		while (answer_next(&worker, socket))
			continue;
	kept_files_drop(&worker.files);
	perf_maps_drop(&worker.maps);
	unwind_server_free(worker.unwind);
	free(worker.payload);
	incoming_drop(&worker.incoming);
}
