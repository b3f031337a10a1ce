/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * news.h - which reports of a stall get a line in the log: the final one, and one
 * before that when the stall has lasted a second. The lines in a minute are
 * limited (minute.h): recordings have all reports.
 */
#ifndef BLOCKPROF_SERVE_NEWS_H
#define BLOCKPROF_SERVE_NEWS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/model.h"
#include "serve/minute.h"

struct news;

int news_new(struct news **out, minute_unit_fn *unit); /* 0 or -ENOMEM */
void news_free(struct news *news);
/* Whether this report gets a line. now_ns is CLOCK_MONOTONIC. */
bool news_is(struct news *news, const struct stall_record *stall, uint64_t now_ns);
/* Whether the stall that is withdrawn has a line: then that gets one, too. */
bool news_withdraw(struct news *news, const struct withdrawn_record *withdrawn);
/* Whether the note gets a line. */
bool news_is_note(struct news *news, const struct note_record *note, uint64_t now_ns);
/* minute_left_out() */
char *news_left_out(struct news *news, uint64_t now_ns);

#endif
