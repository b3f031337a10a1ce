// SPDX-License-Identifier: GPL-2.0-or-later
/* web.c - what the web child is given, how many of its questions are answered at a time, and when it is started again. */
#include "web/web.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/pass.h"
#include "base/restarts.h"
#include "base/zygote.h"
#include "web/child/child.h"

#define RESTARTS_MAX	 8
#define RESTARTS_EACH_NS (10 * NS_PER_SEC)
/* Records of the watch are read in between, after the answer that passes this at the latest. */
#define ANSWERS_NS (10 * NS_PER_MS)
/* Whoever can connect can ask for these: more often than this they cost nothing. */
#define KEPT_NS (100 * NS_PER_MS)

struct kept {
	struct web_question question;
	int fd; /* -1: none */
	int status;
	uint64_t bytes;
	uint64_t at_ns;
};

struct web {
	struct web_options options;
	struct web_settings settings;
	int socket; /* -1: no child */
	pid_t pid;
	pid_t ended; /* that has not been waited for yet; 0: none */
	struct restarts restarts;
	struct kept kept[WEB_KIND_NR];
};

static int new_file(void)
{
	int fd = memfd_create("blockprof-answer", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	return fd < 0 ? -errno : fd;
}

/* Nobody can change it from here on; its size, or -errno. */
static int64_t seal(int fd)
{
	struct stat status;

	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) ||
	    fstat(fd, &status))
		return -errno;
	return status.st_size;
}

static int send_settings(const struct web *web)
{
	int fd __closing = new_file();
	struct web_message message = { .say = WEB_SETTINGS, .bytes = sizeof(web->settings) };

	if (fd < 0)
		return fd;
	if (write(fd, &web->settings, sizeof(web->settings)) != sizeof(web->settings))
		return -EIO;
	if (seal(fd) < 0)
		return -EIO;
	return pass_send(web->socket, &message, sizeof(message), &fd, 1);
}

static int send_listeners(const struct web *web)
{
	const struct listeners *listeners = web->options.listeners;
	int err = 0;

	for (size_t i = 0; i < listeners->nr && !err; i++) {
		struct web_message message = { .say = WEB_LISTEN,
					       .is_unix = listeners->v[i].is_unix };

		err = pass_send(web->socket, &message, sizeof(message), &listeners->v[i].fd, 1);
	}
	return err;
}

static void stop(struct web *web)
{
	if (web->socket >= 0)
		close(web->socket);
	web->socket = -1;
	/* without CAP_KILL it ends by the end of the socket */
	if (web->pid > 0)
		kill(web->pid, SIGKILL);
	if (web->pid > 0 && waitpid(web->pid, NULL, WNOHANG) == 0)
		web->ended = web->pid;
	web->pid = 0;
}

static int start(struct web *web)
{
	int sockets[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	web->pid = zygote_fork(web->options.zygote, web_child_main, &sockets[1], 1);
	close(sockets[1]);
	web->socket = sockets[0];
	err = web->pid > 0 ? send_settings(web) : (int)web->pid;
	err = err ? err : send_listeners(web);
	if (err)
		stop(web);
	return err;
}

int web_new(struct web **out, const struct web_options *options,
	    const struct web_settings *settings)
{
	struct web *web = calloc(1, sizeof(*web));
	int err;

	*out = NULL;
	if (!web)
		return -ENOMEM;
	web->options = *options;
	web->settings = *settings;
	web->restarts = restarts_of(RESTARTS_MAX, RESTARTS_EACH_NS);
	for (size_t i = 0; i < WEB_KIND_NR; i++)
		web->kept[i].fd = -1;
	err = start(web);
	if (err)
		free(web);
	else
		*out = web;
	return err;
}

void web_free(struct web *web)
{
	if (!web)
		return;
	stop(web);
	for (size_t i = 0; i < WEB_KIND_NR; i++)
		if (web->kept[i].fd >= 0)
			close(web->kept[i].fd);
	free(web);
}

void web_set(struct web *web, const struct web_settings *settings)
{
	web->settings = *settings;
	/* one that does not read is started anew, and has them then */
	if (web->socket >= 0 && send_settings(web))
		stop(web);
}

int web_fd(const struct web *web)
{
	return web->socket;
}

uint64_t web_restarts(const struct web *web)
{
	return web->restarts.taken;
}

static bool same_question(const struct web_question *a, const struct web_question *b)
{
	return a->kind == b->kind && a->limit == b->limit && a->since_ns == b->since_ns &&
	       a->window == b->window;
}

/* 0 or -errno. */
static int answer_anew(const struct web *web, const struct web_question *question,
		       struct kept *kept)
{
	int64_t bytes;

	if (kept->fd >= 0)
		close(kept->fd);
	kept->fd = new_file();
	if (kept->fd < 0)
		return kept->fd;
	kept->question = *question;
	kept->status = web->options.answer(web->options.context, question, kept->fd);
	kept->at_ns = clock_coarse_ns();
	bytes = seal(kept->fd);
	kept->bytes = bytes < 0 ? 0 : (uint64_t)bytes;
	return bytes < 0 ? (int)bytes : 0;
}

static void answer(struct web *web, const struct web_question *question)
{
	struct kept *kept = &web->kept[question->kind];
	struct web_message message = { .say = WEB_ANSWER, .id = question->id };
	bool fresh = kept->fd >= 0 && same_question(&kept->question, question) &&
		     web_kind_is_open((enum web_kind)question->kind) &&
		     clock_coarse_ns() - kept->at_ns < KEPT_NS;

	if (!fresh && answer_anew(web, question, kept))
		return;
	message.status = (uint32_t)kept->status;
	message.bytes = kept->bytes;
	/* what it has no room for, it does not get: its client is told 503 */
	pass_send(web->socket, &message, sizeof(message), &kept->fd, 1);
	if (web_kind_is_open((enum web_kind)question->kind))
		return;
	close(kept->fd);
	kept->fd = -1;
}

void web_run(struct web *web)
{
	uint64_t until_ns = clock_now_ns() + ANSWERS_NS;
	struct web_question question;
	int err = -ENOTCONN;

	if (web->ended && waitpid(web->ended, NULL, WNOHANG) != 0)
		web->ended = 0;
	while (web->socket >= 0) {
		err = pass_receive(web->socket, false, &question, sizeof(question), NULL, 0);
		if (!err)
			err = web_question_check(&question);
		if (err)
			break;
		answer(web, &question);
		if (clock_now_ns() > until_ns)
			break;
	}
	if (!err || err == -EAGAIN)
		return;
	/* it has ended, or says what none of ours would */
	stop(web);
	if (restarts_take(&web->restarts))
		start(web);
}
