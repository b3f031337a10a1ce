/* SPDX-License-Identifier: GPL-2.0-or-later */
/* party_words.h - the words for who was waited for, and how that has to do with the wait. */
#ifndef BLOCKPROF_TEXT_PARTY_WORDS_H
#define BLOCKPROF_TEXT_PARTY_WORDS_H

#include <stdbool.h>

#include "model/model.h"

/* "postgres[812]", "org.example.Clock (clockd[77])", "10.0.0.7". NULL: no memory; the caller frees. */
char *party_words(const struct culprit *culprit);
/*
 * How a sentence goes on with that; behind: it tells what another one waited in just
 * before: " for child", ", held by".
 */
const char *party_relation(const struct culprit *culprit, bool behind);
/* Of the thread itself, as the one that it waits for. */
const char *party_itself(const struct culprit *culprit);

#endif
