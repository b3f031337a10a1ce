/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unwind_serve.h - the requests that unwinding takes, on the symbolizer's side. */
#ifndef BLOCKPROF_SYMBOL_CHILD_UNWIND_UNWIND_SERVE_H
#define BLOCKPROF_SYMBOL_CHILD_UNWIND_UNWIND_SERVE_H

#include <stdbool.h>

#include "symbol/wire/protocol.h"

struct unwind_server;

/* Answers go to socket. 0 or -ENOMEM. */
int unwind_server_new(struct unwind_server **out, int socket);
void unwind_server_free(struct unwind_server *server);

/* Is it one of those? */
bool unwind_serves(const struct request *request);
/* Takes fd (-1: none came). False: the answer could not be sent. */
bool unwind_serve(struct unwind_server *server, const struct request *request, const void *payload,
		  int fd);

#endif
