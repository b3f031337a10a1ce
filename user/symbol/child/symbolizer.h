/* SPDX-License-Identifier: GPL-2.0-or-later */
/* symbolizer.h - the process that reads targets' files for blockprof, from its start to its end. */
#ifndef BLOCKPROF_SYMBOL_CHILD_SYMBOLIZER_H
#define BLOCKPROF_SYMBOL_CHILD_SYMBOLIZER_H

#include "base/sandbox.h"
#include "base/zygote.h"

/*
 * To be called in a fresh child of parent: gives up all rights and answers requests
 * until the other side closes the socket fds[0]. fds[1]: where files come that do not come
 * along, where there is such. The process is to end when it returns.
 */
zygote_child_fn symbolizer_main;

extern const struct sandbox symbolizer_sandbox;

#endif
