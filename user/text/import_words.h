/* SPDX-License-Identifier: GPL-2.0-or-later */
/* import_words.h - which module a frame of the program imports. */
#ifndef BLOCKPROF_TEXT_IMPORT_WORDS_H
#define BLOCKPROF_TEXT_IMPORT_WORDS_H

#include "model/model.h"

/* Whether it imports anything at all. */
bool import_runs(const struct stack *stack);

/* "sqlalchemy.orm", harmless to print; "" where it is not known. The caller frees; NULL: no memory. */
char *import_words(const struct stack *stack);

#endif
