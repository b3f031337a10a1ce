/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notes.h - standard error while the screen is in use: what blockprof and its
 * libraries write there is kept, shown in the bottom line, and written for
 * good when the screen is given back.
 */
#ifndef BLOCKPROF_TOP_NOTES_H
#define BLOCKPROF_TOP_NOTES_H

struct notes;

/* 0 or -errno. */
int notes_divert(struct notes **out);
/* Takes in what has come. The last line if there is a new one, to be shown; NULL: there is none. */
const char *notes_read(struct notes *notes);
/* Standard error is what it was; what was kept is written to it. Frees notes, which may be NULL. */
void notes_restore(struct notes *notes);

#endif
