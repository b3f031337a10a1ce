/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop_numbers.h - the loops of several recordings, which may be of several machines:
 * whose numbers of processes and threads are the same for different ones.
 */
#ifndef BLOCKPROF_REPORT_LOOP_NUMBERS_H
#define BLOCKPROF_REPORT_LOOP_NUMBERS_H

#include "model/model.h"

#define LOOP_NUMBERS_MAX  65536 /* of one report */
#define LOOP_NUMBERS_NONE SIZE_MAX

struct loop_numbers;

int loop_numbers_new(struct loop_numbers **out); /* 0 or -ENOMEM */
void loop_numbers_free(struct loop_numbers *loops);
/* What comes from now on is of this machine; NULL: not known which. 0 or -ENOMEM. */
int loop_numbers_on_host(struct loop_numbers *loops, const char *host);
/* The loop's number in this report, from 0. LOOP_NUMBERS_NONE: it is not there, or, if it is to be added, there is no room. */
size_t loop_numbers_find(const struct loop_numbers *loops, const struct thread_id *id);
size_t loop_numbers_add(struct loop_numbers *loops, const struct thread_id *id);
size_t loop_numbers_nr(const struct loop_numbers *loops);
size_t loop_numbers_hosts(const struct loop_numbers *loops);
/* The name of a machine, from 0; NULL: not known. */
const char *loop_numbers_host_name(const struct loop_numbers *loops, size_t host);

#endif
