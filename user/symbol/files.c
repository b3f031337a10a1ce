// SPDX-License-Identifier: GPL-2.0-or-later
/* files.c - an array; it is searched once for each mapping that is used. */
#include "symbol/files.h"

#include <errno.h>
#include <stdlib.h>

#define FILES_MAX 4096

struct files {
	struct file *v;
	size_t nr;
	size_t capacity;
	uint32_t last_id;
};

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same(const struct file *file, const struct stat *status)
{
	return file->ino == status->st_ino && file->dev == status->st_dev &&
	       file->bytes == status->st_size && same_time(&file->changed, &status->st_mtim) &&
	       same_time(&file->status_changed, &status->st_ctim);
}

int files_tag(struct files *files, const struct stat *status, uint32_t *tag)
{
	for (size_t i = 0; i < files->nr; i++)
		if (same(&files->v[i], status)) {
			*tag = (uint32_t)i + 1;
			return 0;
		}
	if (files->nr == FILES_MAX)
		return -ENOSPC;
	if (files->nr == files->capacity) {
		size_t capacity = files->capacity * 2 + 32;
		struct file *v = realloc(files->v, capacity * sizeof(*v));

		if (!v)
			return -ENOMEM;
		files->v = v;
		files->capacity = capacity;
	}
	files->v[files->nr++] = (struct file){
		.dev = status->st_dev,
		.ino = status->st_ino,
		.bytes = status->st_size,
		.changed = status->st_mtim,
		.status_changed = status->st_ctim,
		.id = ++files->last_id,
	};
	*tag = (uint32_t)files->nr;
	return 0;
}

struct file *files_own(struct files *files, uint32_t tag)
{
	return &files->v[tag - 1];
}

struct file *files_get(struct files *files, uint32_t tag)
{
	uint32_t same = files->v[tag - 1].same;

	return &files->v[(same ? same : tag) - 1];
}

void files_identify(struct files *files, uint32_t tag, uint64_t identity)
{
	struct file *file = files_own(files, tag);

	/* A refused one is no example: it may have been bad luck. */
	for (uint32_t i = 0; i < files->nr && !file->same; i++)
		if (i + 1 != tag && files->v[i].identity == identity &&
		    files->v[i].bytes == file->bytes && !files->v[i].same && !files->v[i].refused)
			file->same = i + 1;
	file->identity = identity;
}

struct file *files_by_id(struct files *files, uint32_t id)
{
	for (size_t i = 0; i < files->nr; i++)
		if (files->v[i].id == id)
			return &files->v[i];
	return NULL;
}

bool files_full(const struct files *files)
{
	return files->nr == FILES_MAX;
}

void files_clear(struct files *files)
{
	files->nr = 0;
}

int files_new(struct files **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void files_free(struct files *files)
{
	if (!files)
		return;
	free(files->v);
	free(files);
}
