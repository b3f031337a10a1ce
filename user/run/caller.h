/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * caller.h - the user on whose behalf a program is started: under sudo the one
 * who called it, who is not root. Found once, before anything is forked.
 */
#ifndef BLOCKPROF_RUN_CALLER_H
#define BLOCKPROF_RUN_CALLER_H

#include <stdbool.h>
#include <sys/types.h>

struct caller {
	bool other; /* than who we are; nothing below counts otherwise */
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* the supplementary ones */
	int nr_groups;
	char *name; /* NULL: the id has no name */
	char *home;
};

/*
 * By SUDO_UID and SUDO_GID, which count when root is who we are. 0; -EINVAL:
 * one of them is no id, *wrong says which: whoever goes on would do so as root;
 * -ENOMEM. The caller frees.
 */
int caller_find(struct caller *caller, const char **wrong);
void caller_free(struct caller *caller);

/* This process, a child with one thread, becomes that user for good, its environment too. 0 or -errno. */
int caller_become(const struct caller *caller);

#endif
