/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pack.h - a recording in memory as the data of the page, which is that of the format html. */
#ifndef BLOCKPROF_WEB_CHILD_PACK_H
#define BLOCKPROF_WEB_CHILD_PACK_H

#include <stddef.h>

/*
 * {"missing":{...},"page":{...}}, of lines as hour_write() has them. *out is the caller's.
 * 0, -ENOMEM; -EBADMSG: there is a line that is none of ours.
 */
int pack(const char *lines, size_t bytes, char **out, size_t *out_bytes);

#endif
