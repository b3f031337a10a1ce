/* SPDX-License-Identifier: GPL-2.0-or-later */
/* impact_text.h - who waited for a stall, in one line. */
#ifndef BLOCKPROF_TEXT_IMPACT_TEXT_H
#define BLOCKPROF_TEXT_IMPACT_TEXT_H

#include <stdbool.h>

#include "model/model.h"

#define IMPACT_BYTES 192

/*
 * "delayed 214 events of 9 clients by up to 340 ms; 3 timers". false: nobody waited, as
 * far as is known, and there is nothing to say.
 */
bool impact_words(const struct stall_record *stall, char words[IMPACT_BYTES]);

#endif
