/* SPDX-License-Identifier: GPL-2.0-or-later */
/* authorization.h - whether a request has the token. */
#ifndef BLOCKPROF_WEB_CHILD_AUTHORIZATION_H
#define BLOCKPROF_WEB_CHILD_AUTHORIZATION_H

#include <stdbool.h>

#include "web/wire/wire.h"

/*
 * By its Authorization header: Bearer, or as the password of Basic. It takes as long whatever is
 * wrong with it. An empty token is nobody's.
 */
bool authorization_has(const char *header, const char token[WEB_TOKEN_BYTES]);

#endif
