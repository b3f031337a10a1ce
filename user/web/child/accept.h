/* SPDX-License-Identifier: GPL-2.0-or-later */
/* accept.h - which of two formats a client would rather have. */
#ifndef BLOCKPROF_WEB_CHILD_ACCEPT_H
#define BLOCKPROF_WEB_CHILD_ACCEPT_H

#include <stdbool.h>

/* By its Accept header; NULL: it has none. */
bool accept_openmetrics(const char *accept);

#endif
