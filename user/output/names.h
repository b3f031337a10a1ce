/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names.h - names of processes, learnt from the records that come by: the name of
 * the main thread, else of the program, else of any thread.
 */
#ifndef BLOCKPROF_OUTPUT_NAMES_H
#define BLOCKPROF_OUTPUT_NAMES_H

#include "model/model.h"

struct names;

int names_new(struct names **out);
void names_free(struct names *names);
/* exe: path of the program; NULL: not known. The number of processes is bounded. */
int names_learn(struct names *names, const struct thread_id *id, const char *exe);
/* NULL: nothing is known of this process. Not escaped. */
const char *names_of(const struct names *names, pid_t pid);

#endif
