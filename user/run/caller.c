// SPDX-License-Identifier: GPL-2.0-or-later
/* caller.c - who called, by sudo's variables, and how a process becomes that user. */
#include "run/caller.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"

#define GROUPS_FIRST 64 /* room for them at the first try */

/* -EINVAL: the variable is missing, or holds no id. */
static int id_of(const char *name, long *id)
{
	const char *text = getenv(name);

	return text && !number_parse(text, 0, (long)UINT_MAX - 1, id) ? 0 : -EINVAL;
}

/* The groups of a name. 0 or -ENOMEM. */
static int find_groups(struct caller *caller)
{
	int room = GROUPS_FIRST;

	for (int i = 0; i < 2; i++) {
		gid_t *groups = reallocarray(caller->groups, room, sizeof(*groups));

		if (!groups)
			return -ENOMEM;
		caller->groups = groups;
		caller->nr_groups = room;
		if (getgrouplist(caller->name, caller->gid, groups, &caller->nr_groups) >= 0)
			return 0;
		room = caller->nr_groups;
	}
	/* another group came while they were listed: none is better than some */
	caller->nr_groups = 0;
	return 0;
}

static int find_user(struct caller *caller)
{
	const struct passwd *user = getpwuid(caller->uid);

	if (!user)
		return 0;
	caller->name = strdup(user->pw_name);
	caller->home = strdup(user->pw_dir);
	return caller->name && caller->home ? find_groups(caller) : -ENOMEM;
}

int caller_ids(uid_t *uid, gid_t *gid, const char **wrong)
{
	long user, group;

	if (geteuid() != 0 || !getenv("SUDO_UID"))
		return 0;
	*wrong = "SUDO_UID";
	if (id_of("SUDO_UID", &user))
		return -EINVAL;
	if (user == 0)
		return 0;
	*wrong = "SUDO_GID";
	if (id_of("SUDO_GID", &group))
		return -EINVAL;
	*uid = (uid_t)user;
	*gid = (gid_t)group;
	return 1;
}

int caller_find(struct caller *caller, const char **wrong)
{
	int err;

	*caller = (struct caller){ 0 };
	err = caller_ids(&caller->uid, &caller->gid, wrong);
	if (err <= 0)
		return err;
	caller->other = true;
	err = find_user(caller);
	if (err)
		caller_free(caller);
	return err;
}

void caller_free(struct caller *caller)
{
	free(caller->groups);
	free(caller->name);
	free(caller->home);
	*caller = (struct caller){ 0 };
}

int caller_become(const struct caller *caller)
{
	if (!caller->other)
		return 0;
	if (setgroups(caller->nr_groups, caller->groups) ||
	    setresgid(caller->gid, caller->gid, caller->gid) ||
	    setresuid(caller->uid, caller->uid, caller->uid))
		return -errno;
	if (caller->name && (setenv("HOME", caller->home, 1) || setenv("USER", caller->name, 1) ||
			     setenv("LOGNAME", caller->name, 1)))
		return -ENOMEM;
	return 0;
}
