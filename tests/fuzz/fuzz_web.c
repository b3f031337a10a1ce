// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A request of any bytes, through a real socket to the process that speaks HTTP: that lives on,
 * and what it says is HTTP. The input's first byte says where it is cut in two packets.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/fuzz/fuzz.h"
#include "web/web.h"

#define READS_MAX 4000

static int answer_few(void *context, const struct web_question *question, int fd)
{
	(void)context;
	fuzz_check(question->kind < WEB_KIND_NR);
	return write(fd, "here it is\n", 11) == 11 ? 200 : 503;
}

static struct listeners listeners;

static void end(void)
{
	listen_close(&listeners);
}

static struct web *start(void)
{
	static const struct web_settings settings = { .nr_hosts = 1, .hosts = { "mon.example" } };
	const struct web_options options = { .listeners = &listeners, .answer = answer_few };
	char where[64];
	struct web *web = NULL;

	snprintf(where, sizeof(where), "unix:/tmp/fuzz-web-%d", getpid());
	fuzz_check(!listen_on(&listeners, where) && !web_new(&web, &options, &settings));
	atexit(end);
	return web;
}

static int connect_to(int listener)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	socklen_t bytes = sizeof(address);

	fuzz_check(fd >= 0 && !getsockname(listener, (struct sockaddr *)&address, &bytes));
	fuzz_check(!connect(fd, (struct sockaddr *)&address, bytes));
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct web *web;
	size_t first = size ? data[0] : 0, got = 0;
	char head[5] = "";
	int fd;

	if (!web)
		web = start();
	if (size < 2)
		return 0;
	data++, size--;
	first = first < size ? first : size;
	fd = connect_to(listeners.v[0].fd);
	(void)!send(fd, data, first, MSG_NOSIGNAL);
	web_run(web);
	(void)!send(fd, data + first, size - first, MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	for (int i = 0; i < READS_MAX; i++) {
		char bytes[4096];
		ssize_t nr = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (nr == 0 || (nr < 0 && errno != EAGAIN))
			break;
		for (ssize_t at = 0; at < nr && got < 4; at++)
			head[got++] = bytes[at];
		web_run(web);
		if (nr < 0)
			usleep(500);
	}
	close(fd);
	fuzz_check(!got || !strncmp(head, "HTTP", got));
	web_run(web);
	fuzz_check(!web_restarts(web));
	return 0;
}
