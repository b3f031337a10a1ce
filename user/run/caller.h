/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * caller.h - the user for whom a program is started: under sudo the one who called
 * it, who is not root. To be found once, before anything is forked.
 */
#ifndef BLOCKPROF_RUN_CALLER_H
#define BLOCKPROF_RUN_CALLER_H

#include <stdbool.h>
#include <sys/types.h>

struct caller {
	bool other; /* another user than this process's; if not, nothing below counts */
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* the supplementary ones */
	int nr_groups;
	char *name; /* NULL: the id has no name */
	char *home;
};

/*
 * The ids alone. Whether it is another user; -EINVAL: *wrong is a variable that is no id.
 */
int caller_ids(uid_t *uid, gid_t *gid, const char **wrong);

/*
 * By SUDO_UID and SUDO_GID, which count when we are root. 0; -EINVAL: *wrong is
 * the one that is no id: to go on would mean to start the program as root;
 * -ENOMEM. Free it with caller_free().
 */
int caller_find(struct caller *caller, const char **wrong);
void caller_free(struct caller *caller);

/* Makes this process, a child with one thread, that user's for good, with the environment. 0 or -errno. */
int caller_become(const struct caller *caller);

#endif
