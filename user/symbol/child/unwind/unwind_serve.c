// SPDX-License-Identifier: GPL-2.0-or-later
/* unwind_serve.c - from packets to the unwinder and back. */
#include "symbol/child/unwind/unwind_serve.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "symbol/child/unwind/unwinder.h"
#include "symbol/wire/unwind_packet.h"

struct unwind_server {
	int socket;
	struct unwinder *unwinder;
	struct unwind_answer answer;
};

static bool answer_send(int socket, const struct unwind_answer *answer)
{
	size_t bytes = UNWIND_ANSWER_HEADER_BYTES + answer->nr * sizeof(answer->frames[0]);

	return send(socket, answer, bytes, 0) == (ssize_t)bytes;
}

static bool error_send(int socket, uint64_t sequence, int error)
{
	struct answer answer = { .sequence = sequence, .error = error };

	return send(socket, &answer, ANSWER_HEADER_BYTES, 0) == (ssize_t)ANSWER_HEADER_BYTES;
}

/* The frames so far stay here: they are not complete. */
static void looking(void *context, uint32_t file)
{
	struct unwind_server *server = context;
	struct unwind_answer note = {
		.sequence = server->answer.sequence,
		.error = -EINPROGRESS,
		.file = file,
	};

	answer_send(server->socket, &note);
}

bool unwind_serves(const struct request *request)
{
	return request->kind == REQUEST_MAPPINGS || request->kind == REQUEST_CFI ||
	       request->kind == REQUEST_CFI_DEBUG || request->kind == REQUEST_UNWIND;
}

static bool unwind(struct unwind_server *server, const struct request *request,
		   const struct unwind_input *input)
{
	server->answer.sequence = request->sequence;
	if (request->payload_bytes < UNWIND_INPUT_HEADER_BYTES ||
	    input->bytes != request->payload_bytes - UNWIND_INPUT_HEADER_BYTES ||
	    input->code_bytes > sizeof(input->code)) {
		server->answer.error = -EINVAL;
		server->answer.nr = 0;
	} else {
		unwinder_run(server->unwinder, request->space, input, &server->answer);
	}
	return answer_send(server->socket, &server->answer);
}

bool unwind_serve(struct unwind_server *server, const struct request *request, const void *payload,
		  int fd)
{
	int err = -EINVAL;

	if (request->kind == REQUEST_CFI_DEBUG) {
		err = unwinder_debug(server->unwinder, request->file, fd);
		return error_send(server->socket, request->sequence, err);
	}
	if (request->kind == REQUEST_CFI) {
		err = unwinder_file(server->unwinder, request->space, request->offset,
				    request->file, fd);
		return error_send(server->socket, request->sequence, err);
	}
	if (fd >= 0)
		close(fd);
	if (request->kind == REQUEST_UNWIND)
		return unwind(server, request, payload);
	if (request->payload_bytes % sizeof(struct unwind_mapping) == 0)
		err = unwinder_mappings(server->unwinder, request->space, request->offset, payload,
					request->payload_bytes / sizeof(struct unwind_mapping));
	return error_send(server->socket, request->sequence, err);
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

void unwind_server_free(struct unwind_server *server)
{
	if (!server)
		return;
	unwinder_free(server->unwinder);
	free(server);
}
