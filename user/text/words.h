/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * words.h - times, threads and what they waited for, as people read them. Strings
 * that functions return are harmless to print (escape.h), and the caller frees
 * them; NULL: no memory.
 */
#ifndef BLOCKPROF_TEXT_WORDS_H
#define BLOCKPROF_TEXT_WORDS_H

#include "model/model.h"

#define DURATION_BYTES 32

/* "85 us", "1.2 ms", "352 ms", "5.0 s", "2 min 5 s", "1 h 3 min" */
void words_duration(uint64_t ns, char text[DURATION_BYTES]);

#define TIME_BYTES 32

/* A record's time_ns there: "14:03:22.118", or "14:03:22    ", which is as wide. */
void words_time(const struct zone *zone, uint64_t time_ns, char text[TIME_BYTES]);
void words_time_in_seconds(const struct zone *zone, uint64_t time_ns, char text[TIME_BYTES]);
/* "2024-05-01 12:00:00", and "+0200" behind it where that is not as here */
void words_day_and_time(const struct zone *zone, uint64_t time_ns, char text[TIME_BYTES]);

/* "python3[4242]" for a process, or its main thread (tid 0 or pid), "worker[4242/4250]" for another thread. */
char *words_thread(const char *comm, pid_t pid, pid_t tid);

/* What a slice waited in, and for what: "recvfrom", "127.0.0.1:5432", "(postgres[812])". Each may be NULL. */
struct detail {
	char *before; /* the system call */
	char *object;
	char *after;
};

int words_detail(const struct slice *slice, struct detail *out); /* 0 or -ENOMEM */
void detail_free(struct detail *detail);
char *detail_text(const struct detail *detail); /* one string */

/* A status as wait() gives it: "exit status 1", "killed by signal 9". */
void words_status(int status, char text[DURATION_BYTES]);

#endif
