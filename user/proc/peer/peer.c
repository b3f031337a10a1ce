// SPDX-License-Identifier: GPL-2.0-or-later
/* peer.c - for how long an answer holds, and which namespaces are asked for it. */
#include "proc/peer/peer.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/precedence.h"
#include "proc/peer/bus.h"
#include "proc/peer/diag.h"
#include "proc/peer/holder.h"
#include "proc/peer/netns.h"
#include "proc/process.h"

#define ANSWERS 1024 /* a power of two */

/*
 * What one question may take by the clock: the watch of others waits for that. On a busy
 * machine it comes before others for no longer (base/precedence.h).
 */
#define ASK_NS	     PRECEDENCE_BURST_NS
#define ASK_ALONE_NS (60 * NS_PER_MS) /* where nothing is watched */
/* One that took longer is followed by as much time without any. */
#define LONG_ASK_NS (10 * NS_PER_MS)

/* "None" may become wrong at any time, and so may a listening socket when another accepts. */
#define SHORT_NS  NS_PER_SEC
#define CUT_NS	  (100 * NS_PER_MS) /* it was not come to */
#define LOCK_NS	  (50 * NS_PER_MS) /* locks change hands */
#define LONG_NS	  (10 * NS_PER_SEC)
#define LINK_SIZE 32 /* "socket:[4294967295]" */

enum question_kind {
	QUESTION_INET = 1,
	QUESTION_UNIX,
	QUESTION_PIPE,
	QUESTION_HOST, /* is this address in another namespace? Only "no" is kept */
	QUESTION_FUSE, /* ino: the device */
	QUESTION_SCANNER, /* likewise */
	QUESTION_BUS, /* ino: a hash of path and name */
	QUESTION_LOCK, /* netns: the device; reader: the descriptor */
};

/* Compared as bytes: no padding, unused fields are 0. */
struct question {
	uint32_t kind; /* enum question_kind; 0: no question */
	pid_t pid;
	uint64_t ino;
	uint32_t reader;
	uint32_t netns;
	uint16_t family;
	uint16_t protocol;
	uint16_t local_port;
	uint16_t peer_port;
	uint8_t local[16];
	uint8_t peer[16];
};

_Static_assert(sizeof(struct question) == 64, "padding in struct question");

struct answer {
	struct question question;
	uint64_t expires_ns;
	struct holder holder; /* pid 0: none */
	struct holder_wanted wanted;
	char *link; /* of wanted */
};

struct peers {
	struct holders holders;
	struct netns_list namespaces;
	struct allowance allowance;
	bool alone;
	uint64_t until_ns; /* no look of the question that is asked goes on after that */
	uint64_t rest_until_ns; /* and none is asked before that */
	struct answer answers[ANSWERS];
};

int peers_new(struct peers **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void peers_take_time(struct peers *peers)
{
	peers->alone = true;
}

void peers_free(struct peers *peers)
{
	if (!peers)
		return;
	for (size_t i = 0; i < ANSWERS; i++)
		free(peers->answers[i].link);
	free(peers);
}

/* The place of a question; what has the same place is forgotten. */
static struct answer *answer_at(struct peers *peers, const struct question *question)
{
	uint64_t hash = hash_bytes(HASH_START, question, sizeof(*question));

	return &peers->answers[(hash ^ hash >> 32) % ANSWERS];
}

/* An answer that names a process is checked again: the descriptor may be closed by now. */
static bool answer_stands(const struct answer *answer, const struct question *question)
{
	return !memcmp(&answer->question, question, sizeof(*question)) &&
	       clock_coarse_ns() < answer->expires_ns &&
	       (!answer->link || !answer->holder.pid ||
		holder_check(&answer->holder, &answer->wanted));
}

/* Takes the new answer. */
static void answer_replace(struct answer *answer, const struct answer *with)
{
	free(answer->link);
	*answer = *with;
}

static int seek_inet_in(pid_t pid, unsigned int netns, const struct bp_socket *socket,
			struct diag_socket *out)
{
	int diag __closing = diag_open(pid, netns);

	return diag < 0 ? diag : diag_inet_peer(diag, socket, out);
}

/* From container to container: only a socket with just these two ends will do. */
static int seek_inet_elsewhere(struct peers *peers, const struct bp_socket *socket,
			       struct diag_socket *out)
{
	struct netns_list *namespaces = &peers->namespaces;
	struct question host = { .kind = QUESTION_HOST, .family = socket->family };
	struct answer no, *known;
	int err = -ENOENT, cut;

	memcpy(host.peer, socket->peer, socket->family == AF_INET ? 4 : 16);
	known = answer_at(peers, &host);
	if (answer_stands(known, &host))
		return -ENOENT;
	cut = netns_list_update(namespaces, peers->until_ns);
	for (size_t i = 0; err && i < namespaces->nr; i++) {
		if (clock_now_ns() >= peers->until_ns)
			return -EAGAIN;
		err = seek_inet_in(namespaces->v[i].pid, namespaces->v[i].ino, socket, out);
	}
	if (err && cut)
		return cut;
	if (err) {
		no = (struct answer){ .question = host,
				      .expires_ns = clock_coarse_ns() + SHORT_NS };
		answer_replace(known, &no);
	}
	return err;
}

static int seek_inet(struct peers *peers, const struct question *question,
		     const struct bp_socket *socket, struct diag_socket *out)
{
	int err = seek_inet_in(question->pid, question->netns, socket, out);

	if (err && diag_inet_may_leave(socket))
		err = seek_inet_elsewhere(peers, socket, out);
	return err;
}

static int seek_unix(const struct peers *peers, const struct question *question,
		     struct diag_socket *out)
{
	int diag __closing = diag_open(question->pid, 0);

	if (diag < 0)
		return diag;
	if (question->ino > UINT32_MAX)
		return -ENOENT; /* no socket has such a number */
	return diag_unix_peer(diag, (uint32_t)question->ino, peers->until_ns, out);
}

/* Sets what has to be held for the answer, from now on owned by it; *listens as in diag_socket. */
static int want_socket(struct peers *peers, const struct bp_socket *socket, struct answer *answer,
		       bool *listens)
{
	const struct question *question = &answer->question;
	struct diag_socket found;
	int err;

	err = question->kind == QUESTION_INET ? seek_inet(peers, question, socket, &found)
					      : seek_unix(peers, question, &found);
	if (err)
		return err;
	answer->link = malloc(LINK_SIZE);
	if (!answer->link)
		return -ENOMEM;
	snprintf(answer->link, LINK_SIZE, "socket:[%u]", found.ino);
	answer->wanted.uid = found.uid;
	*listens = found.listens;
	return 0;
}

static int want_pipe(const struct peers *peers, struct answer *answer)
{
	const struct question *question = &answer->question;
	int err = holder_pipe_link(question->pid, question->ino, peers->until_ns, &answer->link);
	bool fifo;

	if (err) {
		answer->link = NULL;
		return err;
	}
	fifo = answer->link[0] == '/';
	answer->wanted.ino = fifo ? question->ino : 0;
	answer->wanted.asker_first = !fifo;
	answer->wanted.end = question->reader ? HOLDER_WRITES : HOLDER_READS;
	return 0;
}

static int want_link(struct answer *answer, const char *link, enum proof_kind kind)
{
	answer->link = strdup(link);
	answer->wanted.proof =
		(struct proof){ .kind = kind, .dev = (uint32_t)answer->question.ino };
	return answer->link ? 0 : -ENOMEM;
}

static int find_holder(struct peers *peers, struct answer *answer)
{
	return holders_find(&peers->holders, &answer->wanted, peers->until_ns, &answer->holder);
}

/* Of an open file description's lock the kernel knows no process, and of very many locks not all are read. */
static int find_lock(struct peers *peers, struct answer *answer)
{
	const struct question *question = &answer->question;
	const struct file_lock lock = { question->pid, question->netns, question->ino };
	pid_t pid = 0;
	int err = file_lock_holder(&lock, peers->until_ns, &pid);

	if (!err && pid != FILE_LOCK_OPEN_FILE) {
		answer->holder = (struct holder){ .pid = pid, .fd = -1, .certain = true };
		return 0;
	}
	if (err == -ENOENT)
		return err;
	answer->link = process_fd_path(question->pid, (int)question->reader);
	if (!answer->link)
		return -ENOENT;
	answer->wanted.link = answer->link;
	answer->wanted.proof = (struct proof){ PROOF_LOCK, lock.dev, lock.ino, lock.asker };
	return find_holder(peers, answer);
}

static int find_process(struct peers *peers, const struct bp_socket *socket, struct answer *answer,
			bool *listens)
{
	int err;

	switch (answer->question.kind) {
	case QUESTION_LOCK:
		return find_lock(peers, answer);
	case QUESTION_PIPE:
		err = want_pipe(peers, answer);
		break;
	case QUESTION_FUSE:
		err = want_link(answer, "/dev/fuse", PROOF_FUSE);
		break;
	case QUESTION_SCANNER:
		err = want_link(answer, "anon_inode:[fanotify]", PROOF_SCANNER);
		break;
	default:
		err = want_socket(peers, socket, answer, listens);
	}
	if (err)
		return err;
	answer->wanted.link = answer->link;
	return find_holder(peers, answer);
}

/* socket: of QUESTION_INET. */
static struct answer find_answer(struct peers *peers, const struct question *question,
				 const struct bp_socket *socket)
{
	struct answer answer = { .question = *question, .wanted.asker = question->pid };
	bool listens = false;
	int err;

	err = find_process(peers, socket, &answer, &listens);
	/* cut short: it may be one that was not come to */
	peers->allowance.refused += err == -EAGAIN;
	if (question->kind == QUESTION_LOCK)
		answer.expires_ns = clock_coarse_ns() + LOCK_NS;
	else if (err == -EAGAIN)
		answer.expires_ns = clock_coarse_ns() + CUT_NS;
	else
		answer.expires_ns = clock_coarse_ns() + (err || listens ? SHORT_NS : LONG_NS);
	return answer;
}

static int give(const struct answer *known, struct peer *out)
{
	out->pid = known->holder.pid;
	out->fd = known->holder.fd;
	out->certain = known->holder.certain;
	if (!out->pid || process_comm(out->pid, out->comm))
		return -ENOENT;
	return 0;
}

/* Where it may not, that is counted. */
static bool may_look(struct peers *peers, pid_t pid, uint64_t now_ns)
{
	if (now_ns >= peers->rest_until_ns && allowance_is_left(&peers->allowance, pid, now_ns))
		return true;
	peers->allowance.refused++;
	return false;
}

/* Many questions, too, leave half of the time to the watch. */
static void rest(struct peers *peers, uint64_t began_ns)
{
	uint64_t now_ns = clock_now_ns();

	if (!peers->alone && now_ns - began_ns > LONG_ASK_NS)
		peers->rest_until_ns = now_ns + (now_ns - began_ns);
}

static int ask(struct peers *peers, const struct question *question, const struct bp_socket *socket,
	       struct peer *out)
{
	struct answer *known = answer_at(peers, question), found;
	uint64_t before_ns = clock_spent_ns(), began_ns;

	if (!answer_stands(known, question)) {
		began_ns = clock_now_ns();
		if (!may_look(peers, question->pid, began_ns))
			return -EAGAIN;
		peers->until_ns = began_ns + (peers->alone ? ASK_ALONE_NS : ASK_NS);
		found = find_answer(peers, question, socket);
		answer_replace(known, &found);
		rest(peers, began_ns);
		allowance_pay(&peers->allowance, question->pid, clock_now_ns(),
			      clock_spent_ns() - before_ns);
	}
	return give(known, out);
}

struct allowance *peers_allowance(struct peers *peers)
{
	return &peers->allowance;
}

uint64_t peers_refused(const struct peers *peers)
{
	return peers->allowance.refused;
}

int peers_inet(struct peers *peers, pid_t pid, const struct bp_socket *socket, struct peer *out)
{
	size_t bytes = socket->family == AF_INET ? 4 : 16;
	struct question question = {
		.kind = QUESTION_INET,
		.pid = pid,
		.netns = socket->netns,
		.family = socket->family,
		.protocol = socket->protocol,
		.local_port = socket->local_port,
		.peer_port = socket->peer_port,
	};

	memcpy(question.local, socket->local, bytes);
	memcpy(question.peer, socket->peer, bytes);
	return ask(peers, &question, socket, out);
}

int peers_unix(struct peers *peers, pid_t pid, unsigned long long ino, struct peer *out)
{
	struct question question = { .kind = QUESTION_UNIX, .pid = pid, .ino = ino };

	return ask(peers, &question, NULL, out);
}

int peers_pipe(struct peers *peers, pid_t pid, unsigned long long ino, int reader, struct peer *out)
{
	struct question question = {
		.kind = QUESTION_PIPE,
		.pid = pid,
		.ino = ino,
		.reader = !!reader,
	};

	return ask(peers, &question, NULL, out);
}

int peers_fuse(struct peers *peers, pid_t pid, uint32_t dev, struct peer *out)
{
	struct question question = { .kind = QUESTION_FUSE, .pid = pid, .ino = dev };

	return ask(peers, &question, NULL, out);
}

int peers_scanner(struct peers *peers, pid_t pid, uint32_t dev, struct peer *out)
{
	struct question question = { .kind = QUESTION_SCANNER, .pid = pid, .ino = dev };

	return ask(peers, &question, NULL, out);
}

int peers_lock(struct peers *peers, const struct file_lock *lock, int fd, struct peer *out)
{
	struct question question = {
		.kind = QUESTION_LOCK,
		.pid = lock->asker,
		.ino = lock->ino,
		.netns = lock->dev,
		.reader = (uint32_t)fd,
	};

	return fd < 0 ? -ENOENT : ask(peers, &question, NULL, out);
}

int peers_bus(struct peers *peers, pid_t pid, const char *path, const char *name, struct peer *out)
{
	struct question question = {
		.kind = QUESTION_BUS,
		.pid = pid,
		.ino = hash_bytes(hash_bytes(HASH_START, path, strlen(path) + 1), name,
				  strlen(name)),
	};
	struct answer *known = answer_at(peers, &question), found = { .question = question };
	uint64_t before_ns = clock_now_ns();

	if (!answer_stands(known, &question)) {
		if (!may_look(peers, pid, before_ns))
			return -EAGAIN;
		found.holder = (struct holder){ .fd = -1, .certain = true };
		/* a bus that does not answer is not asked again soon */
		found.expires_ns = clock_coarse_ns() + LONG_NS;
		if (bus_owner(pid, path, name, &found.holder.pid))
			found.holder.pid = 0;
		answer_replace(known, &found);
		rest(peers, before_ns);
		allowance_pay(&peers->allowance, pid, clock_now_ns(), clock_now_ns() - before_ns);
	}
	return give(known, out);
}
