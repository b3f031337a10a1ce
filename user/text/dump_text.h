/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dump_text.h - a dump as text. */
#ifndef BLOCKPROF_TEXT_DUMP_TEXT_H
#define BLOCKPROF_TEXT_DUMP_TEXT_H

#include "model/dump.h"
#include "text/fold.h"

/* 0 or -ENOMEM. */
int dump_print(FILE *out, const struct dump_record *dump, const struct look *look);

#endif
