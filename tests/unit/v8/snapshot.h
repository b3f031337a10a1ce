/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * snapshot.h - what was read of a Node.js process to name the frames of a stack,
 * with the names that the program itself gave them (Error.captureStackTrace):
 * text, compressed, one record a line. Made by tests/unit/v8/record.py.
 *
 *   number SYMBOL VALUE     what the program exports
 *   sizes HEX               Bytecodes::kBytecodeSizes
 *   process                 of another process from here on: no memory is known of it
 *   stack NAME              begins the next stack; memory that has changed follows
 *   memory ADDR HEX
 *   frame ADDR FP MADE      a native frame
 *   is FN TAB FILE TAB LINE a JavaScript frame that it stands for, innermost first
 */
#ifndef BLOCKPROF_TESTS_UNIT_V8_SNAPSHOT_H
#define BLOCKPROF_TESTS_UNIT_V8_SNAPSHOT_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "runtime/v8/private.h"
#include "tests/unit/memory_sources.h"

#define SNAPSHOT_LINE_BYTES (4u << 20)

#define SNAPSHOT_PAGE  4096
#define SNAPSHOT_PAGES 4096

struct snapshot_page {
	uint64_t addr; /* 0: a free one */
	unsigned char bytes[SNAPSHOT_PAGE];
	bool known[SNAPSHOT_PAGE];
};

struct snapshot_frame {
	struct v8_native native;
	size_t first_name; /* in names */
	size_t nr_names;
};

struct snapshot {
	gzFile file;
	char *line;
	bool pending; /* line is the next one, not yet taken */
	struct v8_heap heap;
	struct made_memory memory;
	struct v8_bytecode_sizes sizes;
	char name[64];
	struct snapshot_page *pages[SNAPSHOT_PAGES];
	size_t nr_pages;
	struct snapshot_frame frames[64];
	size_t nr_frames;
	struct v8_frame names[64];
	size_t nr_names;
	uint64_t reads;
};

static inline struct snapshot_page *snapshot_page(struct snapshot *snapshot, uint64_t addr)
{
	for (size_t i = snapshot->nr_pages; i-- > 0;)
		if (snapshot->pages[i]->addr == addr / SNAPSHOT_PAGE)
			return snapshot->pages[i];
	return NULL;
}

static inline int snapshot_read(void *context, uint64_t addr, void *buf, size_t size)
{
	struct snapshot *snapshot = context;
	struct snapshot_page *page = NULL;

	snapshot->reads++;
	for (size_t i = 0; i < size; i++, addr++) {
		if (!page || page->addr != addr / SNAPSHOT_PAGE)
			page = snapshot_page(snapshot, addr);
		if (!page || !page->known[addr % SNAPSHOT_PAGE])
			return -EFAULT;
		((unsigned char *)buf)[i] = page->bytes[addr % SNAPSHOT_PAGE];
	}
	return 0;
}

static inline size_t snapshot_hex(const char *text, unsigned char *out, size_t size)
{
	size_t nr = 0;
	unsigned int byte;

	while (nr < size && sscanf(text + 2 * nr, "%2x", &byte) == 1)
		out[nr++] = (unsigned char)byte;
	return nr;
}

static inline bool snapshot_line(struct snapshot *snapshot)
{
	if (!snapshot->pending && !gzgets(snapshot->file, snapshot->line, SNAPSHOT_LINE_BYTES))
		return false;
	snapshot->pending = false;
	snapshot->line[strcspn(snapshot->line, "\n")] = '\0';
	return true;
}

static inline void snapshot_number(struct snapshot *snapshot, const char *text)
{
	char symbol[256];
	int value;

	if (sscanf(text, "%255s %d", symbol, &value) != 2)
		return;
	for (size_t i = 0; i < v8_numbers_nr; i++)
		if (!strcmp(v8_numbers[i].symbol, symbol))
			*(int32_t *)((char *)&snapshot->heap.layout + v8_numbers[i].field) = value;
}

static inline void snapshot_sizes(struct snapshot *snapshot, const char *text)
{
	unsigned char bytes[3 * V8_BYTECODES_MAX];
	size_t nr = snapshot_hex(text, bytes, sizeof(bytes));

	snapshot->sizes.nr = nr / 3;
	for (size_t i = 0; i < 3; i++)
		memcpy(snapshot->sizes.sizes[i], bytes + i * (nr / 3), nr / 3);
}

/* Up to the first stack. NULL: there is no such file. */
static inline struct snapshot *snapshot_open(const char *path)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	snapshot->file = gzopen(path, "rb");
	snapshot->line = malloc(SNAPSHOT_LINE_BYTES);
	if (!snapshot->file || !snapshot->line) {
		free(snapshot->line);
		free(snapshot);
		return NULL;
	}
	memset(&snapshot->heap.layout, 0xff, sizeof(snapshot->heap.layout));
	snapshot->heap.memory = memory_made(&snapshot->memory, snapshot_read, snapshot);
	while (snapshot_line(snapshot)) {
		if (!strncmp(snapshot->line, "number ", 7))
			snapshot_number(snapshot, snapshot->line + 7);
		else if (!strncmp(snapshot->line, "sizes ", 6))
			snapshot_sizes(snapshot, snapshot->line + 6);
		else if ((snapshot->pending = !strcmp(snapshot->line, "process")))
			break;
	}
	return snapshot;
}

static inline void snapshot_forget(struct snapshot *snapshot)
{
	while (snapshot->nr_pages)
		free(snapshot->pages[--snapshot->nr_pages]);
}

static inline void snapshot_close(struct snapshot *snapshot)
{
	snapshot_forget(snapshot);
	gzclose(snapshot->file);
	free(snapshot->line);
	free(snapshot);
}

static inline void snapshot_byte(struct snapshot *snapshot, uint64_t addr, unsigned int byte)
{
	struct snapshot_page *page = snapshot_page(snapshot, addr);

	if (!page && snapshot->nr_pages < SNAPSHOT_PAGES) {
		page = snapshot->pages[snapshot->nr_pages++] = calloc(1, sizeof(*page));
		page->addr = addr / SNAPSHOT_PAGE;
	}
	page->bytes[addr % SNAPSHOT_PAGE] = (unsigned char)byte;
	page->known[addr % SNAPSHOT_PAGE] = true;
}

static inline void snapshot_memory(struct snapshot *snapshot, const char *text)
{
	int used = 0;
	unsigned long long addr = 0;
	unsigned int byte;

	sscanf(text, "%llx %n", &addr, &used);
	for (text += used; text[0] && sscanf(text, "%2x", &byte) == 1; text += 2)
		snapshot_byte(snapshot, addr++, byte);
}

static inline void snapshot_frame(struct snapshot *snapshot, const char *text)
{
	struct snapshot_frame *frame = &snapshot->frames[snapshot->nr_frames++];
	unsigned long long addr = 0, fp = 0;
	int made = 0;

	sscanf(text, "%llx %llx %d", &addr, &fp, &made);
	*frame = (struct snapshot_frame){ .native = { .addr = addr, .fp = fp, .made = made },
					  .first_name = snapshot->nr_names };
}

static inline void snapshot_name(struct snapshot *snapshot, char *text)
{
	struct v8_frame *name = &snapshot->names[snapshot->nr_names++];
	char *file = strchr(text, '\t'), *line = strrchr(text, '\t');

	*name = (struct v8_frame){ .line = (unsigned int)atoi(line + 1) };
	snprintf(name->fn, sizeof(name->fn), "%.*s", (int)(file - text), text);
	snprintf(name->file, sizeof(name->file), "%.*s", (int)(line - file - 1), file + 1);
	snapshot->frames[snapshot->nr_frames - 1].nr_names++;
}

/* The next stack. */
static inline bool snapshot_next(struct snapshot *snapshot)
{
	bool begun = false;

	snapshot->nr_frames = snapshot->nr_names = 0;
	while (snapshot_line(snapshot)) {
		bool stack = !strncmp(snapshot->line, "stack ", 6);
		bool process = !strcmp(snapshot->line, "process");

		snapshot->pending = begun && (stack || process);
		if (snapshot->pending)
			break;
		if (process)
			snapshot_forget(snapshot);
		else if (stack)
			snprintf(snapshot->name, sizeof(snapshot->name), "%.63s",
				 snapshot->line + 6);
		else if (!strncmp(snapshot->line, "memory ", 7))
			snapshot_memory(snapshot, snapshot->line + 7);
		else if (!strncmp(snapshot->line, "frame ", 6))
			snapshot_frame(snapshot, snapshot->line + 6);
		else if (!strncmp(snapshot->line, "is ", 3))
			snapshot_name(snapshot, snapshot->line + 3);
		begun = begun || stack;
	}
	return begun;
}

/* V8 with the snapshot's memory. */
static inline struct v8 *snapshot_v8(struct snapshot *snapshot)
{
	struct v8 *v8;

	if (v8_new(&v8, &snapshot->heap))
		return NULL;
	v8->sizes = snapshot->sizes;
	return v8;
}

#endif
