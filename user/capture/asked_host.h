/* SPDX-License-Identifier: GPL-2.0-or-later */
/* asked_host.h - the name that a Python thread looks up, where its stack has no question to read. */
#ifndef BLOCKPROF_CAPTURE_ASKED_HOST_H
#define BLOCKPROF_CAPTURE_ASKED_HOST_H

#include <stdint.h>

struct python;

/* Of the blocked thread with this pthread_self(), in socket.getaddrinfo(); caller frees, NULL: none. */
char *asked_host(struct python *python, uint64_t pthread);

#endif
