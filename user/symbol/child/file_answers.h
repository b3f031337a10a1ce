/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file_answers.h - what is answered of a file, once it is there. */
#ifndef BLOCKPROF_SYMBOL_CHILD_FILE_ANSWERS_H
#define BLOCKPROF_SYMBOL_CHILD_FILE_ANSWERS_H

#include "symbol/wire/protocol.h"

struct elf_file;

/* REQUEST_SYMBOL, REQUEST_DEFINED and REQUEST_LINKS, of a file that is kept. */
void file_answer_symbol(struct elf_file *file, const struct request *request,
			struct answer_symbol *out);
uint64_t file_answer_defined(struct elf_file *file, const struct request *request);
void file_answer_links(const struct elf_file *file, struct answer *answer);

/*
 * REQUEST_VERSION, REQUEST_OBJECTS and REQUEST_ADDRESSES, of the file open as fd: they
 * need no tables of it, which take long for a large one. 0 or -errno.
 */
int file_answer_version(int fd, const struct request *request, struct answer *answer);
int file_answer_objects(int fd, const struct request *request, struct answer_objects *out);
int file_answer_addresses(int fd, const struct request *request, struct answer_addresses *out);

#endif
