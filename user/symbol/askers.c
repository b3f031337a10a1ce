// SPDX-License-Identifier: GPL-2.0-or-later
/* askers.c - whose questions have taken the child for how long, and for whom that is too long. */
#include "symbol/askers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/user_of.h"

/* CPU time that a user's questions may take in one go; the part of the time that they may take in the long run. */
#define DEBT_MAX_NS (NS_PER_SEC + NS_PER_SEC / 2)
#define DEBT_PART   10
/* The child still works on a question that nobody waits for any more: after so much CPU time that is the file's doing. */
#define LATE_CPU_NS (400 * NS_PER_MS)
/* How long a user is kept apart: the first time, and twice as long each further time. */
#define APART_NS     (10 * NS_PER_SEC)
#define APART_TIMES  6
#define FORGIVEN_NS  (600 * NS_PER_SEC)
#define OTHERS_NS    (10 * NS_PER_SEC) /* others are asked about, too, if they were within this time */
#define LOOK_EACH_NS NS_PER_SEC
#define ASKERS_MAX   64

struct asker {
	uint64_t user;
	uint64_t asked_ns; /* when it was asked about last; 0: free */
	uint64_t debt_ns; /* CPU time that it has taken, then */
	uint64_t apart_until_ns;
	unsigned int times; /* that it was set apart */
	struct client_patience patience;
};

struct askers {
	const struct memory_source *memory;
	struct client *common, *apart;
	struct precedence *precedence;
	struct asker v[ASKERS_MAX];
	struct asker *last; /* NULL: nobody was asked about */
	struct asker *late; /* whose question the common one still works on; NULL: it is free */
	uint64_t late_ns; /* CPU time that this took */
	pid_t pid; /* of whom */
	struct client *client; /* who was asked */
	uint64_t cpu_ns; /* that it had used then */
	uint64_t apart_end_ns; /* when nobody needs the other one any more; 0: there is none */
	uint64_t looked_ns;
};

static bool is_apart(const struct asker *asker, uint64_t now_ns)
{
	return now_ns < asker->apart_until_ns;
}

/* Who was not asked about for longest is forgotten. */
static struct asker *asker_of(struct askers *askers, uint64_t user, uint64_t now_ns)
{
	struct asker *oldest = &askers->v[0];

	for (size_t i = 0; i < ASKERS_MAX; i++) {
		struct asker *asker = &askers->v[i];

		if (asker->asked_ns && asker->user == user)
			return asker;
		if (asker->asked_ns < oldest->asked_ns)
			oldest = asker;
	}
	*oldest = (struct asker){ .user = user, .asked_ns = now_ns };
	return oldest;
}

/* Somebody else would have to wait. */
static bool others_ask(const struct askers *askers, const struct asker *than, uint64_t now_ns)
{
	for (size_t i = 0; i < ASKERS_MAX; i++) {
		const struct asker *asker = &askers->v[i];

		if (asker != than && asker->asked_ns && now_ns - asker->asked_ns < OTHERS_NS &&
		    !is_apart(asker, now_ns))
			return true;
	}
	return false;
}

static void add_debt(struct asker *asker, uint64_t used_ns, uint64_t now_ns)
{
	uint64_t paid_ns = (now_ns - asker->asked_ns) / DEBT_PART;

	asker->debt_ns = (asker->debt_ns > paid_ns ? asker->debt_ns - paid_ns : 0) + used_ns;
	asker->asked_ns = now_ns;
}

/* A question that was given up stays that of who was asked about then. */
static void note_late(struct askers *askers, uint64_t used_ns)
{
	if (askers->client != askers->common)
		return;
	if (!client_is_late(askers->common)) {
		askers->late = NULL;
	} else if (!askers->late) {
		askers->late = askers->last;
		askers->late_ns = used_ns;
	} else {
		askers->late_ns += used_ns;
	}
}

/* What the child has done since is put down to whom it was done for. */
static void charge(struct askers *askers, uint64_t now_ns)
{
	uint64_t used_ns = client_cpu_ns(askers->client);
	struct asker *whom = askers->last;

	/* another child has begun with nothing */
	if (used_ns >= askers->cpu_ns)
		used_ns -= askers->cpu_ns;
	note_late(askers, used_ns);
	if (askers->client == askers->common && askers->late)
		whom = askers->late;
	add_debt(whom, used_ns, now_ns);
}

static void set_apart(struct askers *askers, struct asker *asker, uint64_t now_ns)
{
	if (now_ns > asker->apart_until_ns + FORGIVEN_NS)
		asker->times = 0;
	asker->apart_until_ns = now_ns + (APART_NS << asker->times);
	asker->times += asker->times < APART_TIMES;
	asker->debt_ns = 0;
	if (asker->apart_until_ns > askers->apart_end_ns)
		askers->apart_end_ns = asker->apart_until_ns;
}

/* Its memory, and the files that it has. */
static void end_unneeded(struct askers *askers, uint64_t now_ns)
{
	if (!askers->apart_end_ns || now_ns < askers->apart_end_ns)
		return;
	client_end(askers->apart);
	askers->apart_end_ns = 0;
}

/* The child that works on is left to whoever made it; the others get one that is free. */
static void exchange(struct askers *askers)
{
	struct client *free_one = askers->apart;

	client_end(free_one);
	client_hurry(free_one, false);
	askers->apart = askers->common;
	askers->common = free_one;
	askers->late = NULL;
	askers_precedence(askers, askers->precedence);
}

/* Before this one is asked about. */
static void settle(struct askers *askers, const struct asker *asker, uint64_t now_ns)
{
	if (askers->last != asker && askers->last->debt_ns > DEBT_MAX_NS)
		set_apart(askers, askers->last, now_ns);
	if (!askers->late || askers->late == asker || askers->late_ns < LATE_CPU_NS)
		return;
	set_apart(askers, askers->late, now_ns);
	exchange(askers);
}

static struct client *turn_to(struct askers *askers, struct asker *asker, uint64_t now_ns)
{
	bool others = others_ask(askers, asker, now_ns);

	if (others && asker->debt_ns > DEBT_MAX_NS)
		set_apart(askers, asker, now_ns);
	if (!is_apart(asker, now_ns))
		return askers->common;
	client_hurry(askers->apart, others);
	return askers->apart;
}

struct client *askers_client(struct askers *askers, pid_t pid)
{
	uint64_t now_ns = clock_coarse_ns();
	struct asker *asker;

	if (askers->last && pid == askers->pid && now_ns - askers->looked_ns < LOOK_EACH_NS)
		return askers->client;
	if (askers->last)
		charge(askers, now_ns);
	asker = asker_of(askers, user_of_process(pid), now_ns);
	if (askers->last)
		settle(askers, asker, now_ns);
	end_unneeded(askers, now_ns);
	asker->asked_ns = now_ns;
	askers->last = asker;
	askers->pid = pid;
	askers->looked_ns = now_ns;
	askers->client = turn_to(askers, asker, now_ns);
	client_asked_by(askers->client, &asker->patience);
	files_send_to(askers->memory, client_receiver(askers->client));
	askers->cpu_ns = client_cpu_ns(askers->client);
	return askers->client;
}

struct client *askers_each(const struct askers *askers, size_t i)
{
	return i ? askers->apart : askers->common;
}

void askers_precedence(struct askers *askers, struct precedence *precedence)
{
	askers->precedence = precedence;
	client_precedence(askers->apart, NULL);
	client_precedence(askers->common, precedence);
}

int askers_new(struct askers **out, zygote_child_fn *child, const struct memory_source *memory)
{
	struct askers *askers = calloc(1, sizeof(*askers));
	int err;

	*out = askers;
	if (!askers)
		return -ENOMEM;
	askers->memory = memory;
	err = client_new(&askers->common, child, memory, CLIENT_AT_ONCE);
	if (!err)
		err = client_new(&askers->apart, child, memory, CLIENT_WHEN_ASKED);
	askers->client = askers->common;
	return err;
}

void askers_free(struct askers *askers)
{
	if (!askers)
		return;
	client_free(askers->common);
	client_free(askers->apart);
	free(askers);
}
