/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pass.h - a small message with descriptors, from one process to another. */
#ifndef BLOCKPROF_BASE_PASS_H
#define BLOCKPROF_BASE_PASS_H

#include <stdbool.h>
#include <stddef.h>

#define PASSED_MAX 5

/* Does not wait: 0, -EAGAIN: there is no room, or -errno. The descriptors stay the caller's. */
int pass_send(int socket, const void *message, size_t bytes, const int *fds, size_t nr);
/*
 * Exactly such a message, with nr descriptors, the caller's then. 0; -EAGAIN: none is
 * there (with wait: until one is); -ENOTCONN: nobody will send one; -EBADMSG: of another kind.
 */
int pass_receive(int socket, bool wait, void *message, size_t bytes, int *fds, size_t nr);

#endif
