/* SPDX-License-Identifier: GPL-2.0-or-later */
/* home_words.h - where a process belongs, in words. */
#ifndef BLOCKPROF_TEXT_HOME_WORDS_H
#define BLOCKPROF_TEXT_HOME_WORDS_H

#include "model/home.h"

/*
 * "pod shop/web-7d9 (app)", "container web", "container 0123456789ab in namespace shop"; "": in
 * none, or home is NULL. Escaped; the caller frees; NULL: no memory.
 */
char *home_words(const struct home *home);

#endif
