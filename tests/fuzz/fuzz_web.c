// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A request of any bytes, through a real socket to the code that speaks HTTP: that lives on,
 * what it says is HTTP, and it asks for nothing that the request may not have. What is a
 * process of its own elsewhere is a thread here, without a sandbox, so that libFuzzer sees how
 * far an input gets in it. The input's first byte says where it is cut in two packets, and by
 * its highest bit whether it comes by a socket that is trusted.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/sandbox.h"
#include "base/zygote.h"
#include "tests/fuzz/fuzz.h"
#include "web/web.h"

#define READS_MAX 4000
#define TOKEN	  "0123456789abcdef"
#define TRUSTED	  0x80
#define CUT	  0x7f

/* -- in place of those of base/ -- */

struct thread {
	zygote_child_fn *child;
	int fd;
};

static void *run(void *context)
{
	struct thread *thread = context;

	thread->child(&thread->fd, 1, getpid());
	return NULL;
}

pid_t zygote_fork(struct zygote *zygote, zygote_child_fn *child, const int *fds, size_t nr)
{
	static struct thread thread;
	pthread_t started;

	(void)zygote;
	fuzz_check(nr == 1 && !thread.child);
	thread = (struct thread){ child, dup(fds[0]) };
	fuzz_check(thread.fd >= 0 && !pthread_create(&started, NULL, run, &thread));
	/* of none that can be killed */
	return INT32_MAX;
}

int sandbox_enter(const struct sandbox *sandbox, const int *kept, size_t nr, pid_t parent)
{
	(void)sandbox;
	(void)parent;
	fuzz_check(nr == 1);
	return dup2(kept[0], SANDBOX_FIRST) < 0 ? -errno : 0;
}

/* libFuzzer opens files, too. */
__attribute__((constructor)) static void keep_first(void)
{
	if (fcntl(SANDBOX_FIRST, F_GETFD) < 0)
		dup2(STDIN_FILENO, SANDBOX_FIRST);
}

/* -- the service -- */

/* Does the request that is under way have the token, in one of the forms that it may have? */
static bool may_ask_all;

static int answer_few(void *context, const struct web_question *question, int fd)
{
	(void)context;
	fuzz_check(!web_question_check(question));
	fuzz_check(may_ask_all || web_kind_is_open((enum web_kind)question->kind) ||
		   question->kind == WEB_WINDOW_END);
	return write(fd, "here it is\n", 11) == 11 ? 200 : 503;
}

static struct listeners listeners;

static void end(void)
{
	for (size_t i = 0; i < listeners.nr; i++) {
		struct sockaddr_un address;
		socklen_t bytes = sizeof(address);

		if (!getsockname(listeners.v[i].fd, (struct sockaddr *)&address, &bytes))
			unlink(address.sun_path);
	}
}

static struct web *start(void)
{
	static const struct web_settings settings = {
		.nr_hosts = 1,
		.hosts = { "mon.example" },
		.token = TOKEN,
	};
	const struct web_options options = { .listeners = &listeners, .answer = answer_few };
	struct web *web = NULL;

	for (int i = 0; i < 2; i++) {
		char where[64];

		snprintf(where, sizeof(where), "unix:/tmp/fuzz-web-%d-%d", getpid(), i);
		fuzz_check(!listen_on(&listeners, where));
	}
	/* as one of TCP: whoever connects to it is a stranger */
	listeners.v[1].is_unix = false;
	fuzz_check(!web_new(&web, &options, &settings));
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

/* Base64 of it is one of three, by how long the user's name before it is. */
static bool has_token(const uint8_t *data, size_t size)
{
	static const char *const forms[] = { TOKEN, "MDEyMzQ1Njc4OWFiY2Rl", "AxMjM0NTY3ODlhYmNk",
					     "wMTIzNDU2Nzg5YWJjZGVm" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (memmem(data, size, forms[i], strlen(forms[i])))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct web *web;
	size_t first = size ? data[0] & CUT : 0, got = 0;
	bool trusted = size && data[0] & TRUSTED;
	char head[5] = "";
	int fd;

	if (!web)
		web = start();
	if (size < 2)
		return 0;
	data++, size--;
	first = first < size ? first : size;
	may_ask_all = trusted || has_token(data, size);
	fd = connect_to(listeners.v[trusted ? 0 : 1].fd);
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
