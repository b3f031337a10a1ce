// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * waiting.c - whose records are dealt with next: each user has the same time, of that each
 * cgroup, and of that each process. So neither many records help, nor many processes.
 */
#include "probe/waiting.h"

#include <errno.h>
#include <stdlib.h>

#include "probe/backlog.h"
#include "probe/rota.h"

#define HEADS 4096

/* All, a user, a cgroup of that, or a process: there as long as records of it wait. */
struct node {
	struct turn turn; /* among those of its parent; first, as a turn is made a node */
	struct node *parent; /* NULL: it is all */
	uint32_t number;
	struct rota children; /* but a process's */
};

struct line {
	struct node node; /* of the process */
	struct line *next; /* in the same place of the table */
	unsigned int known; /* of whose it is, when it was put with theirs: record_owner_known() */
	struct backlog_queue records;
};

struct waiting {
	struct backlog *backlog;
	struct node all;
	struct line *first; /* whose record is dealt with */
	struct line *heads[HEADS]; /* by process */
};

static struct line **place_of(struct waiting *waiting, uint32_t tgid)
{
	struct line **place = &waiting->heads[tgid % HEADS];

	while (*place && (*place)->node.number != tgid)
		place = &(*place)->next;
	return place;
}

static struct node *find_child(const struct node *parent, uint32_t number)
{
	struct turn *turn = parent->children.last;
	struct node *node;

	if (!turn)
		return NULL;
	do {
		turn = turn->next;
		node = (struct node *)turn;
		if (node->number == number)
			return node;
	} while (turn != parent->children.last);
	return NULL;
}

static void join(struct node *parent, struct node *node, uint32_t number)
{
	node->parent = parent;
	node->number = number;
	rota_join(&parent->children, &node->turn);
}

/* From its place, with those above it that nothing else waits for. */
static void take_out(struct node *node)
{
	struct node *parent = node->parent;

	rota_leave(&parent->children, &node->turn);
	if (!parent->parent || parent->children.last)
		return;
	take_out(parent);
	free(parent);
}

/* NULL: there is no memory for one. */
static struct node *cgroup_of(struct waiting *waiting, struct record_owner owner)
{
	struct node *user = find_child(&waiting->all, owner.user);
	struct node *cgroup = user ? find_child(user, owner.cgroup) : NULL;
	struct node *new_user = user ? NULL : calloc(1, sizeof(*user));
	struct node *new_cgroup = cgroup ? NULL : calloc(1, sizeof(*cgroup));

	if ((!user && !new_user) || (!cgroup && !new_cgroup)) {
		free(new_user);
		free(new_cgroup);
		return NULL;
	}
	if (new_user)
		join(&waiting->all, user = new_user, owner.user);
	if (new_cgroup)
		join(user, cgroup = new_cgroup, owner.cgroup);
	return cgroup;
}

static struct line *new_line(struct waiting *waiting, uint32_t tgid, struct record_owner owner)
{
	struct line *line = calloc(1, sizeof(*line));
	struct node *cgroup = line ? cgroup_of(waiting, owner) : NULL;

	if (!cgroup) {
		free(line);
		return NULL;
	}
	line->known = record_owner_known(owner);
	join(cgroup, &line->node, tgid);
	return line;
}

/* Less was known of whose the first that waits is. */
static void move(struct waiting *waiting, struct line *line, struct record_owner owner)
{
	struct node *cgroup = cgroup_of(waiting, owner);

	if (!cgroup)
		return;
	take_out(&line->node);
	join(cgroup, &line->node, line->node.number);
	line->known = record_owner_known(owner);
}

size_t waiting_room(size_t bytes)
{
	return backlog_room(bytes);
}

bool waiting_fits(const struct waiting *waiting, size_t bytes)
{
	return backlog_fits(waiting->backlog, bytes);
}

int waiting_add(struct waiting *waiting, const struct bp_header *record, size_t bytes,
		struct record_owner owner)
{
	struct line **place = place_of(waiting, record->tgid);

	if (!*place)
		*place = new_line(waiting, record->tgid, owner);
	if (!*place)
		return -ENOMEM;
	if ((*place)->known < record_owner_known(owner))
		move(waiting, *place, owner);
	backlog_add(waiting->backlog, &(*place)->records, record, bytes,
		    (uint64_t)owner.user << 32 | owner.cgroup);
	return 0;
}

bool waiting_has(const struct waiting *waiting, pid_t pid)
{
	return *place_of((struct waiting *)waiting, (uint32_t)pid);
}

const struct bp_header *waiting_first(struct waiting *waiting, size_t *bytes,
				      struct record_owner *owner)
{
	struct node *node = &waiting->all;
	struct turn *turn;
	uint64_t tag;

	while ((turn = rota_first(&node->children)))
		node = (struct node *)turn;
	if (node == &waiting->all)
		return NULL;
	waiting->first = (struct line *)node;
	tag = backlog_first_tag(waiting->backlog, &waiting->first->records);
	*owner = (struct record_owner){ (uint32_t)(tag >> 32), (uint32_t)tag };
	return backlog_first(waiting->backlog, &waiting->first->records, bytes);
}

void waiting_drop(struct waiting *waiting, uint64_t spent_ns)
{
	struct line *line = waiting->first;

	for (struct node *node = &line->node; node->parent; node = node->parent)
		node->turn.left_ns -= (int64_t)spent_ns;
	backlog_drop(waiting->backlog, &line->records);
	if (line->records.first)
		return;
	*place_of(waiting, line->node.number) = line->next;
	take_out(&line->node);
	free(line);
}

int waiting_new(struct waiting **out, size_t capacity_bytes, size_t record_bytes_max)
{
	struct waiting *waiting = calloc(1, sizeof(*waiting));
	int err = waiting ? backlog_new(&waiting->backlog, capacity_bytes, record_bytes_max)
			  : -ENOMEM;

	if (err) {
		free(waiting);
		return err;
	}
	*out = waiting;
	return 0;
}

void waiting_free(struct waiting *waiting)
{
	struct record_owner owner;
	size_t bytes;

	if (!waiting)
		return;
	while (waiting_first(waiting, &bytes, &owner))
		waiting_drop(waiting, 0);
	backlog_free(waiting->backlog);
	free(waiting);
}
