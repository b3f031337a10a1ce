/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * debug_files.h - where the files are that have what other files were stripped of:
 * as gdb looks for them, first in the target's root directory, then in our own,
 * and what debuginfod's clients have fetched. Nothing is fetched.
 */
#ifndef BLOCKPROF_SYMBOL_DEBUG_FILES_H
#define BLOCKPROF_SYMBOL_DEBUG_FILES_H

#include "base/files.h"

/* The file that is looked for. Its names stand in a hostile file, and the child has read them. */
struct debug_wanted {
	struct memory target; /* in whose root directory it is looked for */
	bool aside; /* as in base/files.h */
	const char *path; /* of the file that it belongs to, as the target sees it */
	const char *id; /* build id in hexadecimal, "": none */
	const char *name; /* of .gnu_debuglink, or a path of .gnu_debugaltlink; "": none */
};

/*
 * Opens the candidate of this number, from 0: 0, it is a regular file (the caller's);
 * -ENOENT: that one is not there; -ERANGE: there are no more.
 * Whether it is the one, the child finds out.
 */
int debug_files_open(const struct debug_wanted *wanted, unsigned int number,
		     struct file_opened *opened);

#endif
