/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notes.h - standard error while the screen is in use. What blockprof and its
 * libraries write there is kept, shown in the bottom line, and written to the
 * real one when the screen is given back.
 */
#ifndef BLOCKPROF_TOP_NOTES_H
#define BLOCKPROF_TOP_NOTES_H

struct notes;

/* 0 or -errno. */
int notes_divert(struct notes **out);
/* Reads what has come. Returns the last line, if it is new; NULL: nothing has come. */
const char *notes_read(struct notes *notes);
/* Gives standard error back, and writes what was kept to it. Frees notes, which may be NULL. */
void notes_restore(struct notes *notes);

#endif
