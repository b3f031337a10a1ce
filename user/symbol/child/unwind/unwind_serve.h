/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unwind_serve.h - the requests that unwinding takes, answered. */
#ifndef BLOCKPROF_SYMBOL_CHILD_UNWIND_UNWIND_SERVE_H
#define BLOCKPROF_SYMBOL_CHILD_UNWIND_UNWIND_SERVE_H

#include <stdint.h>

#include "symbol/wire/protocol.h"

struct unwind_server;

/* socket: where notes go to of the file that is looked into. 0 or -ENOMEM. */
int unwind_server_new(struct unwind_server **out, int socket);
void unwind_server_free(struct unwind_server *server);
void unwind_server_expire(struct unwind_server *server); /* unwinder_expire() */

/* MAPPINGS, CFI and UNWIND. Takes fd (-1: none came). 0, or the answer's error. */
int unwind_serve(struct unwind_server *server, const struct request *request, const void *payload,
		 int fd, struct answer_unwind *out);
/* CFI_DEBUG; fd stays the caller's, -1: there is no debug file. Likewise. */
int unwind_serve_debug(struct unwind_server *server, uint32_t file, int fd);

#endif
