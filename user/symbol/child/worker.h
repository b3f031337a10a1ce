/* SPDX-License-Identifier: GPL-2.0-or-later */
/* worker.h - the symbolizer's side of the socket. */
#ifndef BLOCKPROF_SYMBOL_CHILD_WORKER_H
#define BLOCKPROF_SYMBOL_CHILD_WORKER_H

/*
 * Answers requests (protocol.h) until the other side closes the socket. files: where files
 * come that are opened elsewhere; -1: nowhere.
 */
void worker_run(int socket, int files);

#endif
