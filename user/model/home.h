/* SPDX-License-Identifier: GPL-2.0-or-later */
/* home.h - where a process belongs: its unit, its container, its pod. */
#ifndef BLOCKPROF_MODEL_HOME_H
#define BLOCKPROF_MODEL_HOME_H

struct loop_record;

/* NULL: not known, or in none. */
struct home {
	const char *unit;
	const char *container; /* its identifier */
	const char *container_name;
	const char *pod;
	const char *namespace; /* of Kubernetes */
};

/* As long as the record is there. */
struct home loop_home(const struct loop_record *loop);

/* What its container is called: by its name, or by what begins its identifier. NULL: it is in none. */
#define HOME_SHORT_BYTES 13
const char *home_container(const struct home *home, char room[HOME_SHORT_BYTES]);

#endif
