/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * redact.h - what of a record is not to be shown to others: names that a program
 * was given, rather than those that it has. Each becomes a word that says nothing
 * but whether two of them were the same; who did not make it cannot look one up,
 * as it comes from a key that is forgotten.
 */
#ifndef BLOCKPROF_RECORDING_REDACT_H
#define BLOCKPROF_RECORDING_REDACT_H

#include <stdbool.h>

#include <jansson.h>

#include "base/siphash.h"

/* In place. 0 or -ENOMEM: then the record must not be written. */
int redact(const struct siphash_key *key, json_t *record);

/*
 * Whether it was decided if strings of this key, of an object under that key, are
 * shown. What was not decided is not shown.
 */
bool redact_is_decided(const char *object, const char *key);

#endif
