/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.h - blockprof's side: starts the symbolizer, asks it, and starts
 * another, not too often, when a file was too much for it.
 */
#ifndef BLOCKPROF_SYMBOL_CLIENT_H
#define BLOCKPROF_SYMBOL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/files.h"
#include "base/meanwhile.h"
#include "symbol/symbol.h"
#include "symbol/wire/protocol.h"

struct client;
struct precedence;

/* When the first child is started; also which receiver of files it is, and which numbers children have. */
enum client_start {
	CLIENT_AT_ONCE,
	CLIENT_WHEN_ASKED,
	CLIENT_ASIDE = FILES_ASIDE, /* likewise */
	CLIENT_STARTS = FILES_RECEIVERS,
};

/*
 * 0 or -ENOMEM. A child lives as long as the thread that starts it. memory: who forks it,
 * and where it gets files that this process has not got itself.
 */
int client_new(struct client **out, zygote_child_fn *child, const struct memory_source *memory,
	       enum client_start start);
void client_end(
	struct client *client); /* the child; another is started when there is something to ask */
void client_free(struct client *client); /* likewise */

void client_meanwhile(struct client *client, struct meanwhile meanwhile);
/* Whose the child shares, NULL: nobody's; it outlives the client. */
void client_precedence(struct client *client, struct precedence *precedence);

/* How long whoever asks goes on to wait, in all; all 0: it has not waited yet. */
struct client_patience {
	uint64_t left_ns;
	uint64_t at_ns; /* when it was last made more */
};

/* Who asks from now on; it has to stay where it is. Without that all are one. */
void client_asked_by(struct client *client, struct client_patience *patience);
/* Others wait meanwhile: an answer is waited for a tenth as long as else. */
void client_hurry(struct client *client, bool hurry);
/* Which of files_receiver() it is. */
unsigned int client_receiver(const struct client *client);
/* CPU time that the child has used. */
uint64_t client_cpu_ns(const struct client *client);
/* It has not answered in time, and still works on that, as far as is known. */
bool client_is_late(const struct client *client);

/*
 * The one aside has files whose file system need not answer, and may get stuck in one at any time.
 * How often it was: another one then does its work.
 */
unsigned int client_stuck(struct client *client);

/*
 * Asks and waits for the answer, but not for long: two seconds, and where there
 * is something to be done meanwhile not more than one, nor more than half of the
 * time for many answers. The file goes along, and stays the caller's; NULL: none. 0: *answer
 * is well formed, each string in it ends with a NUL; else
 *   -ENOTCONN      there is no child now, or it went away before it got this
 *   -EAGAIN        the child is still at work on this question, or on one before
 *   -ECANCELED     the child was killed from outside (or for lack of memory)
 *   -EPIPE, -EPROTO  it died of this, or did not make sense
 * After -EAGAIN the answer to that question is never given: it may be asked again.
 */
int client_ask(struct client *client, struct request *request, const struct file_opened *file,
	       struct answer *answer);

/* What follows a request. */
#define CLIENT_PAYLOAD_PARTS 2
struct client_payload {
	struct iovec v[CLIENT_PAYLOAD_PARTS]; /* with or without contents */
};

/* The same with a payload, and no file. */
int client_ask_with(struct client *client, struct request *request,
		    const struct client_payload *payload, struct answer *answer);
/*
 * REQUEST_UNWIND. *file: the one that was looked into when it ended, should that be
 * the symbolizer's fault; 0: none.
 */
int client_ask_unwind(struct client *client, struct request *request,
		      const struct client_payload *payload, struct answer *answer, uint32_t *file);

/*
 * A question that was given up with -EAGAIN was the child's end: the file it was
 * about, the question's kind, and -EPIPE or -EPROTO as above, -ETIMEDOUT: it took too much time, or
 * -ECANCELED: killed, or stopped from outside. Said once; false: there is none.
 */
bool client_ended(struct client *client, uint32_t *kind, uint32_t *file, int *how);

/* Another number for each child: what one was sent the next does not have. */
uint64_t client_generation(const struct client *client);
uint64_t client_restarts(const struct client *client);

#endif
