// SPDX-License-Identifier: GPL-2.0-or-later
/* client.c - when the child is started, how long it is waited for, and when it is given up. */
#include "symbol/client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/meanwhile.h"
#include "base/memory.h"
#include "base/precedence.h"
#include "base/restarts.h"
#include "proc/process.h"
#include "symbol/grace.h"

/* What one answer is waited for; how long after that the child may go on with it. */
#define WAIT_MAX_NS (1 * NS_PER_SEC)
#define LATE_MAX_NS (5 * NS_PER_SEC)
/*
 * The one aside can get stuck for good at any time, as even closing a file asks its file system
 * (FUSE_FLUSH): so long asleep is that. Where others wait it is left to sleep before.
 */
#define STUCK_NS      (80 * NS_PER_MS)
#define STUCK_STEP_NS (20 * NS_PER_MS)
/* On a machine that hardly lets it run: as long as it gets on, and has not run for this long. */
#define LATE_BUSY_NS	(LATE_MAX_NS / 2)
#define LATE_STARVED_NS (60 * NS_PER_SEC)
#define LATE_STEP_NS	(1 * NS_PER_MS) /* the least that it gets on */
/*
 * What is waited in all: so much in a row, and half of the time in the long run.
 * Then only for answers that the child has at hand.
 */
#define PATIENCE_MAX_NS (2 * NS_PER_SEC)
#define PATIENCE_PART	2
#define HURRY		10 /* where others wait, that: */
#define AT_HAND_NS	(5 * NS_PER_MS)
#define DEATH_MAX_MS	200
#define DEATH_STUCK_MS	5 /* it mostly has ended by then, or is in a call that nothing ends */
#define LEFT_MAX	8 /* children that had not ended when they were given up */
/* Restarts in a row, and how long until one more is granted. */
#define STARTS_MAX    8
#define START_EACH_NS (10 * NS_PER_SEC)
/* No request's kind: what the child sends first, when it is ready. */
#define READY 0

/* How a child ends. */
enum ending {
	BY_ITSELF,
	KILLED,
	STUCK,
};

/* How far the child had come. */
struct progress {
	uint64_t at_ns; /* when that was seen */
	uint64_t cpu_ns; /* that it had used */
};

/* A question that the caller no longer waits for, and the child still works on. */
struct late {
	bool there;
	const struct client_patience *asker;
	uint32_t kind; /* enum request_kind */
	uint32_t file;
	uint64_t since_ns; /* when it was given up */
	uint64_t cpu_ns; /* that the child had used then */
	struct progress seen;
};

struct client {
	zygote_child_fn *child;
	struct zygote *zygote;
	unsigned int number; /* which of the receivers of files it is */
	int files;
	int socket; /* -1: no child */
	int pidfd;
	pid_t pid;
	struct precedence *precedence; /* NULL: none */
	struct meanwhile meanwhile;
	bool hurry;
	bool may_get_stuck;
	struct grace grace;
	unsigned int stuck; /* how often it was */
	pid_t left[LEFT_MAX]; /* 0: none */
	struct progress seen; /* since it was asked, if it may get stuck */
	struct client_patience own_patience;
	struct client_patience *patience; /* of who asks */
	struct late late;
	struct late ended; /* the late question that was the end of a child; file 0: none */
	int ended_how;
	uint64_t generation;
	uint64_t sequence;
	struct restarts restarts;
};

static bool readable(const struct client *client, int fd, uint64_t until_ns)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	for (;;) {
		uint64_t now_ns = clock_coarse_ns();
		uint64_t left_ns = now_ns < until_ns ? until_ns - now_ns : 0;
		uint64_t wait_ns =
			client->meanwhile.run && left_ns > MEANWHILE_NS ? MEANWHILE_NS : left_ns;
		int ready = poll(&poll_fd, 1, (int)((wait_ns + NS_PER_MS - 1) / NS_PER_MS));

		if (ready > 0)
			return true;
		if (ready == 0 ? left_ns == 0 : errno != EINTR)
			return false;
		if (client->meanwhile.run)
			client->meanwhile.run(client->meanwhile.context);
	}
}

/* Those that have ended since are nobody's any more. */
static void reap_left(struct client *client)
{
	for (size_t i = 0; i < LEFT_MAX; i++)
		if (client->left[i] && waitpid(client->left[i], NULL, WNOHANG))
			client->left[i] = 0;
}

static void leave(struct client *client, pid_t pid)
{
	reap_left(client);
	for (size_t i = 0; i < LEFT_MAX; i++) {
		if (client->left[i])
			continue;
		client->left[i] = pid;
		return;
	}
}

/* Ends the child if it lives. The signal it died of, 0: none, or not known. */
static int stop(struct client *client, enum ending ending)
{
	uint64_t most_ms = ending == STUCK ? DEATH_STUCK_MS : DEATH_MAX_MS;
	siginfo_t info = { 0 };
	bool ended;

	if (client->socket < 0)
		return 0;
	close(client->socket);
	client->socket = -1;
	client->late.there = false;
	/* It ends when its socket is closed; if it does not, or must not be waited for: */
	if (ending != BY_ITSELF ||
	    !readable(client, client->pidfd, clock_coarse_ns() + DEATH_MAX_MS * NS_PER_MS))
		pidfd_send_signal(client->pidfd, SIGKILL, NULL, 0);
	/* Stuck in the kernel (a dead file server), it is left behind. */
	ended = readable(client, client->pidfd, clock_coarse_ns() + most_ms * NS_PER_MS);
	precedence_child(client->precedence, 0);
	if (ended)
		waitid(P_PIDFD, (id_t)client->pidfd, &info, WEXITED);
	else
		leave(client, client->pid);
	close(client->pidfd);
	client->pidfd = -1;
	return info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED ? info.si_status : 0;
}

/* The next packet: its size; 0: the child is gone; -EAGAIN: none until then. */
static ssize_t receive(struct client *client, struct answer *answer, uint64_t until_ns)
{
	ssize_t got;

	if (!readable(client, client->socket, until_ns))
		return -EAGAIN;
	do {
		got = recv(client->socket, answer, sizeof(*answer), MSG_TRUNC | MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	return got > 0 ? got : 0;
}

/* Is it an answer to this request? */
static bool well_formed(const struct answer *answer, ssize_t bytes, uint32_t kind,
			uint64_t sequence)
{
	return bytes > 0 && answer->sequence == sequence &&
	       answer_bytes(answer, kind, (size_t)bytes) == (size_t)bytes;
}

static int start(struct client *client)
{
	struct answer ready;
	int sockets[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	pid = zygote_fork(client->zygote, client->child, (int[]){ sockets[1], client->files },
			  client->files < 0 ? 1 : 2);
	close(sockets[1]);
	client->socket = sockets[0];
	client->pid = pid;
	client->pidfd = pid < 0 ? -1 : pidfd_open(pid, 0);
	client->generation += CLIENT_STARTS;
	if (client->pidfd < 0) {
		close(client->socket);
		client->socket = -1;
		if (pid > 0) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		}
		return -ENOTCONN;
	}
	precedence_child(client->precedence, pid);
	if (!well_formed(&ready, receive(client, &ready, clock_coarse_ns() + PATIENCE_MAX_NS),
			 READY, 0)) {
		stop(client, KILLED);
		return -ENOTCONN;
	}
	return 0;
}

static int start_again(struct client *client)
{
	if (client->generation < CLIENT_STARTS)
		return start(client);
	return restarts_take(&client->restarts) ? start(client) : -ENOTCONN;
}

static bool request_send(struct client *client, struct request *request,
			 const struct client_payload *payload, const struct file_opened *file)
{
	int fd = file ? file->fd : -1;
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec parts[1 + CLIENT_PAYLOAD_PARTS] = { { request, sizeof(*request) } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 1 };

	request->ticket = file ? file->ticket : 0;
	request->payload_bytes = 0;
	for (size_t i = 0; payload && i < CLIENT_PAYLOAD_PARTS; i++) {
		request->payload_bytes += (uint32_t)payload->v[i].iov_len;
		parts[message.msg_iovlen++] = payload->v[i];
	}
	if (fd >= 0) {
		struct cmsghdr *header = &control.align;

		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	}
	return sendmsg(client->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) ==
	       (ssize_t)(sizeof(*request) + request->payload_bytes);
}

/* Of the child; 0: not known. */
static uint64_t cpu_ns(const struct client *client)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(client->pid, &clock) || clock_gettime(clock, &used))
		return 0;
	return (uint64_t)used.tv_sec * NS_PER_SEC + (uint64_t)used.tv_nsec;
}

static uint64_t patience_now(struct client *client)
{
	uint64_t now_ns = clock_coarse_ns(), hurry = client->hurry ? HURRY : 1;

	/* nothing else is kept waiting */
	if (!client->meanwhile.run)
		return PATIENCE_MAX_NS;
	client->patience->left_ns += (now_ns - client->patience->at_ns) / PATIENCE_PART / hurry;
	if (client->patience->left_ns > PATIENCE_MAX_NS / hurry)
		client->patience->left_ns = PATIENCE_MAX_NS / hurry;
	client->patience->at_ns = now_ns;
	if (client->patience->left_ns > WAIT_MAX_NS / hurry)
		return WAIT_MAX_NS / hurry;
	return client->patience->left_ns > AT_HAND_NS ? client->patience->left_ns : AT_HAND_NS;
}

static struct progress progress_of(const struct client *client)
{
	return (struct progress){ clock_coarse_ns(), cpu_ns(client) };
}

/* It has not run since, and nothing keeps it from running. */
static bool sleeps_since(const struct client *client, const struct progress *seen)
{
	return cpu_ns(client) - seen->cpu_ns < LATE_STEP_NS && process_sleeps(client->pid);
}

static bool is_stuck(const struct client *client, const struct progress *seen)
{
	return client->may_get_stuck && clock_coarse_ns() - seen->at_ns >= STUCK_NS &&
	       sleeps_since(client, seen);
}

/* How long it may sleep until it is not waited for any more. */
static uint64_t sleep_most_ns(struct client *client)
{
	if (!client->may_get_stuck)
		return UINT64_MAX;
	return client->meanwhile.run ? grace_left_ns(&client->grace, clock_coarse_ns()) : STUCK_NS;
}

/* Waits until then, or until one that may get stuck has slept for too long. As receive(). */
static ssize_t receive_unless_stuck(struct client *client, struct answer *answer, uint64_t until_ns)
{
	uint64_t most_ns = sleep_most_ns(client), slept_ns;

	for (;;) {
		uint64_t now_ns = clock_coarse_ns(), step_ns = until_ns;
		ssize_t got;

		if (client->may_get_stuck && now_ns + STUCK_STEP_NS < until_ns)
			step_ns = now_ns + (most_ns < STUCK_STEP_NS ? most_ns : STUCK_STEP_NS);
		got = receive(client, answer, step_ns);
		if (got != -EAGAIN || step_ns == until_ns)
			return got;
		now_ns = clock_coarse_ns();
		slept_ns = now_ns - client->seen.at_ns;
		if (!sleeps_since(client, &client->seen)) {
			client->seen = progress_of(client);
		} else if (slept_ns >= most_ns) {
			grace_use(&client->grace, now_ns, slept_ns);
			return got;
		}
	}
}

/* Waits as long as there is patience. As receive(). */
static ssize_t receive_patiently(struct client *client, struct answer *answer)
{
	uint64_t from_ns = clock_coarse_ns(), most_ns = patience_now(client), took_ns;
	ssize_t got;

	got = receive_unless_stuck(client, answer, from_ns + most_ns);
	took_ns = clock_coarse_ns() - from_ns;
	client->patience->left_ns -=
		took_ns < client->patience->left_ns ? took_ns : client->patience->left_ns;
	return got;
}

/* Why there is no sound answer to a question; the child is no more. */
static int give_up(struct client *client, ssize_t got)
{
	int signal = stop(client, KILLED);

	if (got > 0)
		return -EPROTO;
	/* its limit of cpu time is for its whole life */
	return signal == SIGKILL || signal == SIGXCPU ? -ECANCELED : -EPIPE;
}

/* The child has not answered for long: is that its doing, or was it not let run? */
static int give_up_late(struct client *client)
{
	bool busy = cpu_ns(client) - client->late.cpu_ns >= LATE_BUSY_NS;

	stop(client, KILLED);
	return busy ? -ETIMEDOUT : -ECANCELED;
}

/* Before the answer comes which file is looked into now. */
static bool is_note(const struct answer *answer, ssize_t got, uint32_t kind, uint64_t sequence)
{
	return kind == REQUEST_UNWIND && well_formed(answer, got, kind, sequence) &&
	       answer->error == -EINPROGRESS;
}

/* It works on the question still, however slowly: to start it again would have it begin anew. */
static bool gets_on(struct client *client)
{
	struct late *late = &client->late;
	uint64_t now_ns = clock_coarse_ns(), looked_ns = now_ns - late->seen.at_ns, used_ns;

	if (looked_ns < (client->may_get_stuck ? STUCK_NS : LATE_MAX_NS))
		return true;
	used_ns = cpu_ns(client);
	if (is_stuck(client, &late->seen) || used_ns - late->cpu_ns >= LATE_BUSY_NS ||
	    now_ns - late->since_ns >= LATE_STARVED_NS)
		return false;
	if (used_ns - late->seen.cpu_ns < LATE_STEP_NS)
		return looked_ns < LATE_MAX_NS;
	late->seen = (struct progress){ now_ns, used_ns };
	return true;
}

/* What was asked is not to blame. */
static bool ends_stuck(struct client *client, const struct progress *seen)
{
	if (!is_stuck(client, seen))
		return false;
	client->stuck++;
	stop(client, STUCK);
	/* the next one has everything to read anew: that is waited for as if nothing had been */
	client->patience->left_ns = PATIENCE_MAX_NS;
	return true;
}

/* The answer to the question that was given up. 0: another may be asked; else as client_ask(). */
static int catch_up(struct client *client)
{
	struct late *late = &client->late;
	struct answer answer;
	/* who asked has waited; another one has not yet */
	ssize_t got = late->asker == client->patience ? receive(client, &answer, 0)
						      : receive_patiently(client, &answer);

	if (is_note(&answer, got, late->kind, client->sequence)) {
		late->file = answer.unwind.file;
		return -EAGAIN;
	}
	if (got == -EAGAIN && gets_on(client))
		return -EAGAIN;
	late->there = false;
	if (well_formed(&answer, got, late->kind, client->sequence))
		return 0;
	if (got == -EAGAIN && ends_stuck(client, &late->seen))
		return 0;
	client->ended = *late;
	client->ended_how = got < 0 ? give_up_late(client) : give_up(client, got);
	return -EAGAIN;
}

/* 0, or as client_ask(): there is no one to ask now. */
static int begin(struct client *client, struct request *request,
		 const struct client_payload *payload, const struct file_opened *file)
{
	int err = client->late.there ? catch_up(client) : 0;

	if (err)
		return err;
	reap_left(client);
	if (client->socket < 0 && start_again(client))
		return -ENOTCONN;
	request->sequence = ++client->sequence;
	if (client->may_get_stuck)
		client->seen = progress_of(client);
	if (!request_send(client, request, payload, file)) {
		stop(client, KILLED);
		return -ENOTCONN;
	}
	return 0;
}

/* No sound answer came: as client_ask(). */
static int end(struct client *client, const struct request *request, uint32_t file, ssize_t got)
{
	if (got != -EAGAIN)
		return give_up(client, got);
	if (ends_stuck(client, &client->seen))
		return -ENOTCONN;
	client->late = (struct late){
		.there = true,
		.asker = client->patience,
		.kind = request->kind,
		.file = file,
		.since_ns = clock_coarse_ns(),
		.cpu_ns = cpu_ns(client),
		.seen = client->may_get_stuck ? client->seen : progress_of(client),
	};
	return -EAGAIN;
}

static int ask(struct client *client, struct request *request, const struct client_payload *payload,
	       const struct file_opened *file, struct answer *answer)
{
	int err = begin(client, request, payload, file);
	ssize_t got;

	if (err)
		return err;
	got = receive_patiently(client, answer);
	if (well_formed(answer, got, request->kind, request->sequence))
		return 0;
	return end(client, request, request->file, got);
}

int client_ask(struct client *client, struct request *request, const struct file_opened *file,
	       struct answer *answer)
{
	return ask(client, request, NULL, file, answer);
}

int client_ask_with(struct client *client, struct request *request,
		    const struct client_payload *payload, struct answer *answer)
{
	return ask(client, request, payload, NULL, answer);
}

int client_ask_unwind(struct client *client, struct request *request,
		      const struct client_payload *payload, struct answer *answer, uint32_t *file)
{
	int err = begin(client, request, payload, NULL);
	ssize_t got;

	*file = 0;
	if (err)
		return err;
	/* Each frame brings one at most. */
	for (unsigned int notes = 0; notes <= UNWIND_FRAMES_MAX; notes++) {
		got = receive_patiently(client, answer);
		if (!is_note(answer, got, request->kind, request->sequence))
			break;
		*file = answer->unwind.file;
	}
	if (well_formed(answer, got, request->kind, request->sequence) &&
	    answer->error != -EINPROGRESS)
		return 0;
	return end(client, request, *file, got);
}

bool client_ended(struct client *client, uint32_t *kind, uint32_t *file, int *how)
{
	*kind = client->ended.kind;
	*file = client->ended.file;
	*how = client->ended_how;
	client->ended.file = 0;
	return *file != 0;
}

void client_meanwhile(struct client *client, struct meanwhile meanwhile)
{
	client->meanwhile = meanwhile;
}

void client_precedence(struct client *client, struct precedence *precedence)
{
	struct precedence *before = client->precedence;

	client->precedence = precedence;
	if (client->socket >= 0)
		precedence_child(precedence ? precedence : before, precedence ? client->pid : 0);
}

int client_new(struct client **out, zygote_child_fn *child, const struct memory_source *memory,
	       enum client_start when)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return -ENOMEM;
	client->child = child;
	client->zygote = memory->zygote;
	client->number = when;
	client->may_get_stuck = when == CLIENT_ASIDE;
	client->patience = &client->own_patience;
	client->files = files_receiver(memory, when);
	client->socket = -1;
	client->pidfd = -1;
	client->generation = when;
	client->restarts = restarts_of(STARTS_MAX, START_EACH_NS);
	client->patience->left_ns = PATIENCE_MAX_NS;
	client->patience->at_ns = clock_coarse_ns();
	/* If it does not start now, it is tried again when there is something to ask. */
	if (when == CLIENT_AT_ONCE)
		start(client);
	*out = client;
	return 0;
}

void client_end(struct client *client)
{
	stop(client, KILLED);
	/* the next one has everything to read anew */
	client->patience->left_ns = PATIENCE_MAX_NS;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	stop(client, BY_ITSELF);
	free(client);
}

void client_asked_by(struct client *client, struct client_patience *patience)
{
	client->patience = patience;
}

void client_hurry(struct client *client, bool hurry)
{
	client->hurry = hurry;
}

uint64_t client_cpu_ns(const struct client *client)
{
	return client->socket < 0 ? 0 : cpu_ns(client);
}

unsigned int client_receiver(const struct client *client)
{
	return client->number;
}

bool client_is_late(const struct client *client)
{
	return client->late.there;
}

unsigned int client_stuck(struct client *client)
{
	if (client->may_get_stuck && client->late.there)
		catch_up(client);
	return client->stuck;
}

uint64_t client_generation(const struct client *client)
{
	return client->generation;
}

uint64_t client_restarts(const struct client *client)
{
	return client->restarts.taken;
}
