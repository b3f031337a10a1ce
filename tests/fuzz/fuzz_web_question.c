// SPDX-License-Identifier: GPL-2.0-or-later
/* What a web child that somebody has taken over can ask: packets of any bytes, two of length before each. */
#include <sys/socket.h>

#include "base/pass.h"
#include "tests/fuzz/fuzz.h"
#include "web/wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct web_question question;
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		abort();
	while (size) {
		size_t bytes = fuzz_number(&data, &size, 2) % 256;

		bytes = bytes < size ? bytes : size;
		(void)!send(sockets[1], data, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
		data += bytes;
		size -= bytes;
		if (pass_receive(sockets[0], false, &question, sizeof(question), NULL, 0))
			continue;
		fuzz_check(bytes == sizeof(question));
		if (!web_question_check(&question))
			fuzz_check(question.kind < WEB_KIND_NR);
	}
	close(sockets[0]);
	close(sockets[1]);
	return 0;
}
