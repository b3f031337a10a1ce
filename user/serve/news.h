/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * news.h - which reports of a stall are worth a line in the log: its end, and
 * once that it goes on, when it has lasted a second. Not more than so many
 * lines a minute: recordings have them all.
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
/* Is this to be told? now_ns is CLOCK_MONOTONIC. */
bool news_is(struct news *news, const struct stall_record *stall, uint64_t now_ns);
/* Another line for the log, of those that are not too many. */
bool news_has_room(struct news *news, uint64_t now_ns);
/*
 * How many were held back since the last call that gave more than 0; 0 unless a minute has passed
 * since the first of them.
 */
uint64_t news_held_back(struct news *news, uint64_t now_ns);

#endif
