/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stall_text.h - one stall as text. */
#ifndef BLOCKPROF_TEXT_STALL_TEXT_H
#define BLOCKPROF_TEXT_STALL_TEXT_H

#include "model/model.h"
#include "text/fold.h"

/* The verdict, the slices and the ledger. 0 or -ENOMEM. */
int stall_print(FILE *out, const struct stall_record *stall, const struct look *look);
/* One line, for a stall that was printed before and goes on. */
int stall_print_again(FILE *out, const struct stall_record *stall, const struct look *look);

#endif
