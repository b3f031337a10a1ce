/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runtime_wait.h - what the frames of a language's own runtime say that a thread did. */
#ifndef BLOCKPROF_CAPTURE_RUNTIME_WAIT_H
#define BLOCKPROF_CAPTURE_RUNTIME_WAIT_H

#include "model/model.h"

/* It collects garbage, or waits for threads that do so with it. stack: may be NULL, as below. */
bool runtime_collects(const struct stack *stack);

/* Is a thread of this name one that collects for the others? For programs without symbols. */
bool runtime_is_collector(const char *comm);

/* It sleeps, by a futex that has a time-out: nobody is meant to wake it. */
bool runtime_sleeps(const struct stack *stack);

/* A library waits for a child, by way of its pipes or by naps. */
bool runtime_waits_for_child(const struct stack *stack);

#endif
