// SPDX-License-Identifier: GPL-2.0-or-later
/* unwind_serve.c - what payloads must be like, and the notes of which file is looked into. */
#include "symbol/child/unwind/unwind_serve.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "symbol/child/unwind/unwinder.h"
#include "symbol/wire/unwind_payload.h"

struct unwind_server {
	int socket;
	struct unwinder *unwinder;
	struct answer note; /* with the sequence of the request that is answered */
};

static void looking(void *context, uint32_t file)
{
	struct unwind_server *server = context;
	struct answer *note = &server->note;

	note->error = -EINPROGRESS;
	note->unwind.file = file;
	(void)!send(server->socket, note, answer_bytes(note, REQUEST_UNWIND, sizeof(*note)), 0);
}

static int unwind(struct unwind_server *server, const struct request *request,
		  const struct unwind_input *input, struct answer_unwind *out)
{
	if (request->payload_bytes < UNWIND_INPUT_HEADER_BYTES ||
	    input->bytes != request->payload_bytes - UNWIND_INPUT_HEADER_BYTES ||
	    input->code_bytes > sizeof(input->code))
		return -EINVAL;
	server->note.sequence = request->sequence;
	return unwinder_run(server->unwinder, request->unwind.space, input, out);
}

static int add_mappings(struct unwind_server *server, const struct request *request,
			const struct unwind_mapping *mappings)
{
	if (request->payload_bytes % sizeof(*mappings))
		return -EINVAL;
	return unwinder_mappings(server->unwinder, request->mappings.space, request->mappings.sent,
				 mappings, request->payload_bytes / sizeof(*mappings));
}

int unwind_serve(struct unwind_server *server, const struct request *request, const void *payload,
		 int fd, struct answer_unwind *out)
{
	if (request->kind == REQUEST_CFI)
		return unwinder_file(server->unwinder, request->cfi.space, request->cfi.start,
				     request->file, fd);
	if (fd >= 0)
		close(fd);
	return request->kind == REQUEST_UNWIND ? unwind(server, request, payload, out)
					       : add_mappings(server, request, payload);
}

int unwind_serve_debug(struct unwind_server *server, uint32_t file, int fd)
{
	return unwinder_debug(server->unwinder, file, fd);
}

int unwind_server_new(struct unwind_server **out, int socket)
{
	struct unwind_server *server = calloc(1, sizeof(*server));
	int err = server ? unwinder_new(&server->unwinder, looking, server) : -ENOMEM;

	if (err) {
		free(server);
		return err;
	}
	server->socket = socket;
	*out = server;
	return 0;
}

void unwind_server_expire(struct unwind_server *server)
{
	unwinder_expire(server->unwinder);
}

void unwind_server_free(struct unwind_server *server)
{
	if (!server)
		return;
	unwinder_free(server->unwinder);
	free(server);
}
