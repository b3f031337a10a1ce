/* SPDX-License-Identifier: GPL-2.0-or-later */
/* user_of.h - to whom it is put down what a process makes us do. */
#ifndef BLOCKPROF_BASE_USER_OF_H
#define BLOCKPROF_BASE_USER_OF_H

#include <stdint.h>
#include <sys/types.h>

#define USER_UNKNOWN UINT64_MAX

/* A number of the user, the same for all that one can be; USER_UNKNOWN: the process is gone. */
uint64_t user_of_process(pid_t pid);

#endif
