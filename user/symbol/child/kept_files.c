// SPDX-License-Identifier: GPL-2.0-or-later
/* kept_files.c - how much memory files may take, and which goes first. */
#include "symbol/child/kept_files.h"

#include <malloc.h>
#include <stdbool.h>

#include "symbol/child/elf/elf_file.h"

#define BYTES_MAX  (24u << 20) /* of tables; a single larger file is kept until the next comes */
#define MEMORY_MAX (24u << 20) /* with debug information: likewise */

struct elf_file *kept_files_find(struct kept_files *files, uint32_t id)
{
	for (size_t i = 0; i < files->nr; i++)
		if (files->v[i].id == id) {
			files->v[i].used = ++files->uses;
			return files->v[i].file;
		}
	return NULL;
}

static size_t bytes_of_all(const struct kept_files *files)
{
	size_t bytes = 0;

	for (size_t i = 0; i < files->nr; i++)
		bytes += elf_file_bytes(files->v[i].file);
	return bytes;
}

static void drop_oldest(struct kept_files *files)
{
	struct kept_file *oldest = &files->v[0];

	for (size_t i = 1; i < files->nr; i++)
		if (files->v[i].used < oldest->used)
			oldest = &files->v[i];
	elf_file_close(oldest->file);
	*oldest = files->v[--files->nr];
}

int kept_files_add(struct kept_files *files, uint32_t id, int fd, struct elf_file **out)
{
	int err;

	while (files->nr == KEPT_FILES_MAX || (files->nr && bytes_of_all(files) > BYTES_MAX))
		drop_oldest(files);
	err = elf_file_open(out, fd);
	if (err)
		return err;
	files->v[files->nr++] = (struct kept_file){ id, *out, ++files->uses };
	return 0;
}

/* By what malloc() has given out: libdw does not say what it keeps. */
static bool is_too_much(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd > MEMORY_MAX;
}

void kept_files_save_memory(struct kept_files *files)
{
	while (is_too_much()) {
		struct kept_file *oldest = NULL;

		for (size_t i = 0; i < files->nr; i++) {
			struct kept_file *file = &files->v[i];

			if (!elf_file_is_shed(file->file) && file->used != files->uses &&
			    (!oldest || file->used < oldest->used))
				oldest = file;
		}
		if (!oldest)
			return;
		elf_file_shed(oldest->file);
		malloc_trim(0);
	}
}

void kept_files_drop(struct kept_files *files)
{
	while (files->nr)
		drop_oldest(files);
}
