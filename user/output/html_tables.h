/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html_tables.h - strings, frames and stacks of a page's data, which stand once and are numbers elsewhere. */
#ifndef BLOCKPROF_OUTPUT_HTML_TABLES_H
#define BLOCKPROF_OUTPUT_HTML_TABLES_H

#include <stdio.h>

#include "model/model.h"

struct html_tables;

int html_tables_new(struct html_tables **out); /* 0 or -ENOMEM */
void html_tables_free(struct html_tables *tables);
/* The number of a string, harmless to print; it is taken. 0: "". Of NULL there was no memory. */
uint32_t html_string(struct html_tables *tables, char *text);
/* The number of a stack, which lives as long as the tables; -1: of none, or there was no room. */
int64_t html_stack(struct html_tables *tables, const struct stack *stack);
/* ,"strings":[...],"frames":[...],"stacks":[...]. 0, or what failed on the way: -ENOMEM. */
int html_tables_write(struct html_tables *tables, FILE *out);

#endif
