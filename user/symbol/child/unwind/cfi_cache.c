// SPDX-License-Identifier: GPL-2.0-or-later
/* cfi_cache.c - how many files and rows are kept, and which go first. */
#include "symbol/child/unwind/cfi_cache.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#define FILES_MAX 64 /* less than symbolizer_sandbox.files leaves */
#define BYTES_MAX (24u << 20) /* a single larger one is kept until the next comes */
#define ROW_SETS  1024
#define ROW_WAYS  4

struct held {
	uint32_t file;
	struct cfi *cfi;
	bool shed; /* only its text is at hand */
	uint64_t used;
};

struct kept {
	uint32_t file; /* 0: nothing is here */
	int err;
	uint64_t offset;
	uint64_t used;
	struct cfi_row row;
};

struct cfi_cache {
	size_t nr;
	size_t bytes;
	uint64_t uses;
	uint64_t expired; /* uses, as cfi_cache_expire() was called last */
	struct held files[FILES_MAX];
	struct kept rows[ROW_SETS][ROW_WAYS];
};

static struct held *find(struct cfi_cache *cache, uint32_t file)
{
	for (size_t i = 0; i < cache->nr; i++)
		if (cache->files[i].file == file)
			return &cache->files[i];
	return NULL;
}

/* Rows with operations refer to what the file holds; the others stay true without it. */
static void forget_rows(struct cfi_cache *cache, uint32_t file)
{
	for (size_t set = 0; set < ROW_SETS; set++)
		for (size_t way = 0; way < ROW_WAYS; way++) {
			struct kept *kept = &cache->rows[set][way];

			if (kept->file == file && kept->row.has_ops)
				kept->file = 0;
		}
}

static void shed(struct cfi_cache *cache, struct held *held)
{
	forget_rows(cache, held->file);
	cache->bytes -= cfi_bytes(held->cfi);
	cfi_shed(held->cfi);
	held->shed = true;
}

static void drop(struct cfi_cache *cache, struct held *held)
{
	if (!held->shed)
		shed(cache, held);
	cfi_close(held->cfi);
	*held = cache->files[--cache->nr];
}

/* NULL: there is none. */
static struct held *oldest_of(struct cfi_cache *cache, bool with_cfi)
{
	struct held *oldest = NULL;

	for (size_t i = 0; i < cache->nr; i++) {
		struct held *held = &cache->files[i];

		if (!(with_cfi && held->shed) && (!oldest || held->used < oldest->used))
			oldest = held;
	}
	return oldest;
}

/* For more bytes; but: what stays (NULL: nothing). */
static void make_room(struct cfi_cache *cache, size_t bytes, const struct held *but)
{
	while (cache->bytes + bytes > BYTES_MAX) {
		struct held *oldest = oldest_of(cache, true);

		if (!oldest || oldest == but)
			return;
		shed(cache, oldest);
	}
}

int cfi_cache_add(struct cfi_cache *cache, uint32_t file, int fd)
{
	struct held *held = find(cache, file);
	struct cfi *cfi;
	int err;

	if (held && !held->shed) {
		close(fd);
		return 0;
	}
	err = cfi_open(&cfi, fd);
	if (err)
		return err;
	if (held)
		drop(cache, held);
	make_room(cache, cfi_bytes(cfi), NULL);
	if (cache->nr == FILES_MAX)
		drop(cache, oldest_of(cache, false));
	cache->files[cache->nr++] = (struct held){ file, cfi, false, ++cache->uses };
	cache->bytes += cfi_bytes(cfi);
	return 0;
}

int cfi_cache_add_debug(struct cfi_cache *cache, uint32_t file, int fd)
{
	struct held *held = find(cache, file);

	if (!held || held->shed)
		return -ESTALE;
	held->used = ++cache->uses;
	cache->bytes -= cfi_bytes(held->cfi);
	cfi_add_debug(held->cfi, fd);
	cache->bytes += cfi_bytes(held->cfi);
	make_room(cache, 0, held);
	return 0;
}

struct cfi *cfi_cache_get(struct cfi_cache *cache, uint32_t file)
{
	struct held *held = find(cache, file);

	if (!held || held->shed)
		return NULL;
	held->used = ++cache->uses;
	return held->cfi;
}

bool cfi_cache_text(struct cfi_cache *cache, uint32_t file, uint64_t offset, void *bytes, size_t nr)
{
	struct held *held = find(cache, file);

	if (!held)
		return false;
	held->used = ++cache->uses;
	return cfi_text(held->cfi, offset, bytes, nr);
}

/* Fibonacci hashing (Knuth, volume 3, 6.4): the top bits are the well mixed ones. */
static struct kept *ways(struct cfi_cache *cache, uint32_t file, uint64_t offset)
{
	uint64_t mixed = (offset ^ (uint64_t)file << 40) * 0x9e3779b97f4a7c15ULL;

	return cache->rows[(mixed >> 32) % ROW_SETS];
}

const struct cfi_row *cfi_cache_row(struct cfi_cache *cache, uint32_t file, uint64_t offset,
				    int *err)
{
	struct kept *set = ways(cache, file, offset);

	for (size_t way = 0; way < ROW_WAYS; way++)
		if (set[way].file == file && set[way].offset == offset) {
			set[way].used = ++cache->uses;
			*err = set[way].err;
			return &set[way].row;
		}
	return NULL;
}

static int row_at(struct cfi *cfi, uint64_t offset, struct cfi_row *row)
{
	uint64_t vaddr;

	row->has_ops = false;
	return cfi_vaddr(cfi, offset, &vaddr) ? -ENOENT : cfi_row(cfi, vaddr, row);
}

const struct cfi_row *cfi_cache_make_row(struct cfi_cache *cache, struct cfi *cfi, uint32_t file,
					 uint64_t offset, int *err)
{
	struct kept *set = ways(cache, file, offset), *oldest = set;

	for (size_t way = 1; way < ROW_WAYS; way++)
		if (set[way].used < oldest->used)
			oldest = &set[way];
	oldest->offset = offset;
	oldest->used = ++cache->uses;
	oldest->err = row_at(cfi, offset, &oldest->row);
	/* its debug file may know what is not known yet */
	oldest->file = oldest->err == -ENOENT && cfi_wants_debug(cfi) ? 0 : file;
	*err = oldest->err;
	return &oldest->row;
}

void cfi_cache_expire(struct cfi_cache *cache)
{
	for (size_t i = cache->nr; i-- > 0;)
		if (cache->files[i].used <= cache->expired)
			drop(cache, &cache->files[i]);
	cache->expired = cache->uses;
}

int cfi_cache_new(struct cfi_cache **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void cfi_cache_free(struct cfi_cache *cache)
{
	if (!cache)
		return;
	while (cache->nr)
		drop(cache, &cache->files[0]);
	free(cache);
}
