/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html_out.h - text in a page and strings in its data, which can be no part of its code. */
#ifndef BLOCKPROF_OUTPUT_HTML_OUT_H
#define BLOCKPROF_OUTPUT_HTML_OUT_H

#include <stdint.h>
#include <stdio.h>

struct sink;

/* A stream into the sink, which keeps its own errors. NULL: no memory. */
FILE *html_out_open(struct sink *sink);
/* Text between tags, or in quotes of an attribute; harmless to print already. */
void html_put(FILE *out, const char *text);
/* A string of JSON within a script element. */
void html_put_json(FILE *out, const char *text);
/* A number of JSON that JavaScript takes as it is. */
void html_put_number(FILE *out, uint64_t number);
/* ,"key": */
void html_put_key(FILE *out, const char *key);

#endif
