// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers of sock_diag(7): two bytes say how long each is. */
#include <netinet/in.h>
#include <sys/socket.h>

#include "proc/peer/diag.h"
#include "tests/fuzz/fuzz.h"

#define ANSWERS_MAX 8

/* A socket that the input's answers wait in; *other takes the questions. */
static int answering(const uint8_t *data, size_t size, int *other)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends))
		abort();
	for (int i = 0; i < ANSWERS_MAX && size; i++) {
		size_t bytes = fuzz_number(&data, &size, 2) % 4096;

		if (bytes > size)
			bytes = size;
		(void)!send(ends[1], data, bytes, MSG_NOSIGNAL);
		data += bytes;
		size -= bytes;
	}
	*other = ends[1];
	return ends[0];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bp_socket socket = {
		.family = AF_INET,
		.protocol = IPPROTO_TCP,
		.local = { 127, 0, 0, 1 },
		.peer = { 127, 0, 0, 1 },
		.local_port = 1,
		.peer_port = 2,
	};
	struct diag_socket found;
	int other, diag = answering(data, size, &other);

	if (diag_inet_peer(diag, &socket, &found) == 0)
		fuzz_check(found.ino != 0);
	close(diag);
	close(other);
	diag = answering(data, size, &other);
	diag_unix_peer(diag, 1, UINT64_MAX, &found);
	close(diag);
	close(other);
	return 0;
}
