/* SPDX-License-Identifier: GPL-2.0-or-later */
/* debug_file.h - the files that can hold debug information of another one. */
#ifndef BLOCKPROF_SYMBOL_WIRE_DEBUG_FILE_H
#define BLOCKPROF_SYMBOL_WIRE_DEBUG_FILE_H

enum debug_file {
	DEBUG_FILE_OWN = 1 << 0, /* of this file alone, which was stripped of it */
	DEBUG_FILE_SHARED = 1 << 1, /* what it shares with other files (dwz -m) */
};

#endif
