/* SPDX-License-Identifier: GPL-2.0-or-later */
/* token.h - the word that opens what names files, peers and tasks of other people's programs. */
#ifndef BLOCKPROF_WEB_TOKEN_H
#define BLOCKPROF_WEB_TOKEN_H

#include "web/wire/wire.h"

/* The first line of a file. 0 or -errno; -EINVAL: it is no token of 16 to 127 visible characters. */
int token_read(const char *path, char token[WEB_TOKEN_BYTES]);
/* That of the directory, which is made where there is none, for its owner and group alone. 0 or -errno. */
int token_of(const char *directory, char token[WEB_TOKEN_BYTES]);

#endif
