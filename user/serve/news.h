/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * news.h - which reports of a stall get a line in the log: the final one, and one
 * before that when the stall has lasted a second. The lines in a minute are
 * limited: recordings have all reports.
 */
#ifndef BLOCKPROF_SERVE_NEWS_H
#define BLOCKPROF_SERVE_NEWS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/model.h"

#define NEWS_A_MINUTE 60

struct news;

int news_new(struct news **out); /* 0 or -ENOMEM */
void news_free(struct news *news);
/* Whether this report gets a line. now_ns is CLOCK_MONOTONIC. */
bool news_is(struct news *news, const struct stall_record *stall, uint64_t now_ns);
/* Whether the log has room for another line. */
bool news_has_room(struct news *news, uint64_t now_ns);
/*
 * How many lines were held back since the last call that did not return 0. It
 * returns 0 until a minute has passed since the first of them.
 */
uint64_t news_held_back(struct news *news, uint64_t now_ns);

#endif
