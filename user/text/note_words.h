/* SPDX-License-Identifier: GPL-2.0-or-later */
/* note_words.h - a note as a sentence. */
#ifndef BLOCKPROF_TEXT_NOTE_WORDS_H
#define BLOCKPROF_TEXT_NOTE_WORDS_H

#include "model/model.h"

/* One line, harmless to print; the caller frees; NULL: no memory. */
char *note_words(const struct note_record *note);

#endif
