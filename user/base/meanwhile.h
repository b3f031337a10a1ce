/* SPDX-License-Identifier: GPL-2.0-or-later */
/* meanwhile.h - what is to be done every few milliseconds while an answer of a child is waited for. */
#ifndef BLOCKPROF_BASE_MEANWHILE_H
#define BLOCKPROF_BASE_MEANWHILE_H

#include "base/clock.h"

#define MEANWHILE_NS (5 * NS_PER_MS)

/* It must not ask any child. run NULL: nothing is to be done. */
struct meanwhile {
	void (*run)(void *context);
	void *context;
};

#endif
