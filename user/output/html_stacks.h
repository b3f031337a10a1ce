/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html_stacks.h - stacks of what is kept for a page: equal ones are one. Bounded. */
#ifndef BLOCKPROF_OUTPUT_HTML_STACKS_H
#define BLOCKPROF_OUTPUT_HTML_STACKS_H

#include "model/model.h"

struct html_stacks;

int html_stacks_new(struct html_stacks **out); /* 0 or -ENOMEM */
void html_stacks_free(struct html_stacks *stacks);
/* Puts those that are kept in place of a slice's own. Bytes of its own that are left: there was no room for them. */
size_t html_stacks_share(struct html_stacks *stacks, struct slice *slice);
size_t html_stacks_bytes(const struct html_stacks *stacks);

#endif
