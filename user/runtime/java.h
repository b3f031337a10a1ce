/* SPDX-License-Identifier: GPL-2.0-or-later */
/* java.h - waits of threads of a Java virtual machine. */
#ifndef BLOCKPROF_RUNTIME_JAVA_H
#define BLOCKPROF_RUNTIME_JAVA_H

#include "runtime/runtime.h"

/*
 * The file whose code made the call that a thread of a Java virtual machine sleeps
 * in, which may be a wait, without its directory; wait_class: of the call. NULL: it
 * is no such thread, or no such call, or the file is not known. Valid until the
 * program is asked again.
 */
const char *java_caller(const struct moment *moment, unsigned int *wait_class);

#endif
