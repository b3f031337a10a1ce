/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ledger_text.h - where a turn's time went, as text. */
#ifndef BLOCKPROF_TEXT_LEDGER_TEXT_H
#define BLOCKPROF_TEXT_LEDGER_TEXT_H

#include "model/model.h"
#include "text/look.h"

/* "    socket 340 ms, cpu 9 ms, runqueue 3 ms". 0 or -ENOMEM. */
int ledger_print(FILE *out, const struct stall_record *stall, const struct look *look);

#endif
