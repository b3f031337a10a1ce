/* SPDX-License-Identifier: GPL-2.0-or-later */
/* name_value.h - two strings of which the first says what the second is. */
#ifndef BLOCKPROF_BASE_NAME_VALUE_H
#define BLOCKPROF_BASE_NAME_VALUE_H

/* Whose they are follows from where they stand. */
struct name_value {
	const char *name;
	const char *value;
};

#endif
