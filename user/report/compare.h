/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare.h - two surveys side by side: which places are new, gone, worse, better. */
#ifndef BLOCKPROF_REPORT_COMPARE_H
#define BLOCKPROF_REPORT_COMPARE_H

#include "report/survey.h"

struct compare;

/* Both finished, and living as long as what comes of it. 0 or -ENOMEM. */
int compare_new(struct compare **out, struct survey *before, struct survey *after);
void compare_free(struct compare *compare);
const struct diff_record *compare_record(const struct compare *compare);

#endif
