/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter.h - which processes of the whole system are of interest: by comm, by
 * systemd unit, by cgroup. Of each kind any one that is given will do; a
 * process has to satisfy every kind that is given.
 */
#ifndef BLOCKPROF_STALL_LOOPS_FILTER_H
#define BLOCKPROF_STALL_LOOPS_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/name_value.h"

enum filter_kind {
	FILTER_COMM, /* regular expression (patterns.h), found anywhere in the process's comm */
	FILTER_UNIT, /* systemd unit, .service may be left out; whatever is below it, too */
	FILTER_CGROUP, /* path, /sys/fs/cgroup may stand before it; its subtree */
	FILTER_NR,
};

struct filter;

/* 0 or -ENOMEM. */
int filter_new(struct filter **out);
void filter_free(struct filter *filter);

/*
 * text is copied. -ENOMEM; -EINVAL: it is none of that kind, and reason says why
 * in a few words.
 */
int filter_add(struct filter *filter, enum filter_kind kind, const char *text, char *reason,
	       size_t size);
/* What was given of a kind, as it was given; NULL after the last. */
const char *filter_text(const struct filter *filter, enum filter_kind kind, size_t index);
/* The same of all kinds: "comm", "unit" or "cgroup", and what was given; the filter's. */
const struct name_value *filter_pairs(const struct filter *filter, size_t *nr);
/* Nothing was given (or filter is NULL): every process is of interest. */
bool filter_is_empty(const struct filter *filter);

/* cgroups: the text of its /proc/PID/cgroup. */
bool filter_matches(const struct filter *filter, const char *comm, const char *cgroups);
/* As it is now; false if it is gone. */
bool filter_matches_process(const struct filter *filter, pid_t pid);

#endif
