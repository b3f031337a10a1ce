// SPDX-License-Identifier: GPL-2.0-or-later
/* kept_files.c - how much memory files may take, and which goes first. */
#include "symbol/child/kept_files.h"

#include <malloc.h>
#include <stdbool.h>

#include "symbol/child/elf/elf_file.h"

#define BYTES_MAX  (24u << 20) /* of tables; a single larger file is kept until the next comes */
#define MEMORY_MAX (24u << 20) /* with debug information: likewise */
/*
 * As long as files are asked about in turn: to read the debug information of an
 * interpreter again takes hundreds of milliseconds, each time.
 */
#define MEMORY_BUSY_MAX (128u << 20)
#define USES_RECENT	1000

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

static void drop(struct kept_files *files, struct kept_file *file)
{
	elf_file_close(file->file);
	*file = files->v[--files->nr];
}

static void drop_oldest(struct kept_files *files)
{
	struct kept_file *oldest = &files->v[0];

	for (size_t i = 1; i < files->nr; i++)
		if (files->v[i].used < oldest->used)
			oldest = &files->v[i];
	drop(files, oldest);
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
static size_t memory_used(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

void kept_files_save_memory(struct kept_files *files)
{
	size_t used;

	while ((used = memory_used()) > MEMORY_MAX) {
		struct kept_file *oldest = NULL;

		for (size_t i = 0; i < files->nr; i++) {
			struct kept_file *file = &files->v[i];

			if (!elf_file_is_shed(file->file) && file->used != files->uses &&
			    (!oldest || file->used < oldest->used))
				oldest = file;
		}
		if (!oldest ||
		    (used <= MEMORY_BUSY_MAX && files->uses - oldest->used < USES_RECENT))
			return;
		elf_file_shed(oldest->file);
		malloc_trim(0);
	}
}

void kept_files_expire(struct kept_files *files)
{
	for (size_t i = files->nr; i-- > 0;)
		if (files->v[i].used <= files->expired)
			drop(files, &files->v[i]);
	files->expired = files->uses;
}

void kept_files_drop(struct kept_files *files)
{
	while (files->nr)
		drop_oldest(files);
}
