/* SPDX-License-Identifier: GPL-2.0-or-later */
/* name_count.h - how many there are of what is known by its name: a recording may be of another version. */
#ifndef BLOCKPROF_BASE_NAME_COUNT_H
#define BLOCKPROF_BASE_NAME_COUNT_H

#include <stdint.h>

/* Whose the name is follows from where it stands. */
struct name_count {
	const char *name;
	uint64_t count;
};

#endif
