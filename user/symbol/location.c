// SPDX-License-Identifier: GPL-2.0-or-later
/* location.c - which file is mapped at an address, and that the vDSO is one. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/passing.h"
#include "symbol/private.h"
#include "symbol/wire/call.h"

/* mapping->tag: 0 not looked at, else one of files.h, or: */
#define TAG_NO_FILE UINT32_MAX
/* The vDSO of a 32-bit process is another one, and below this. */
#define ADDR_32BIT_END (1ULL << 32)

void location_close(struct location *location)
{
	files_close(&location->opened);
}

struct location location_at(struct symbols *symbols, pid_t pid, uint64_t addr, bool is_return)
{
	struct location location = {
		.pid = pid, .addr = addr, .is_return = is_return, .opened = FILE_NOT_OPENED
	};

	/* A return address can be the first one behind a mapping: the call is in it. */
	location.mapping =
		maps_cache_find(symbols->spaces, pid, addr - (is_return ? 1 : 0), &location.maps);
	return location;
}

struct location location_of(pid_t pid, struct maps *maps, struct mapping *mapping)
{
	return (struct location){
		.pid = pid,
		.addr = mapping->start,
		.maps = maps,
		.mapping = mapping,
		.opened = FILE_NOT_OPENED,
	};
}

uint64_t location_offset(const struct location *location)
{
	return location->addr - location->mapping->start + location->mapping->offset;
}

/* Not in time, or nobody is there to take it: not for good. */
static bool may_pass(int err)
{
	return err == -ETIMEDOUT || err == -ENOBUFS || error_is_passing(err);
}

int location_error(const struct location *location)
{
	if (!location->maps)
		return maps_cache_may_have(location->addr) ? -EBUSY : -ENOENT;
	return location->mapping && !location->mapping->tag ? -EBUSY : -ENOENT;
}

static int open_mapped(struct symbols *symbols, struct location *location)
{
	const struct memory target = { symbols->memory, location->pid };
	int err = maps_open(location->maps, location->mapping, &target, location->aside,
			    &location->opened);

	if (!err)
		return lend_check(symbols, location->pid, &location->opened);
	return may_pass(err) ? -EBUSY : err;
}

int location_open(struct symbols *symbols, struct location *location)
{
	struct file_opened *opened = &location->opened;

	files_close(opened);
	if (location->mapping->ino)
		return open_mapped(symbols, location);
	if (strcmp(maps_path(location->maps, location->mapping), "[vdso]") != 0 ||
	    location->addr < ADDR_32BIT_END || symbols->vdso_fd < 0)
		return -ENOENT;
	if (fstat(symbols->vdso_fd, &opened->status))
		return -errno;
	opened->fd = dup(symbols->vdso_fd);
	return opened->fd < 0 ? -errno : 0;
}

/* Looks once whether a file is the same as one that is known already. */
static void identify(struct symbols *symbols, pid_t pid, uint32_t tag,
		     const struct file_opened *opened)
{
	struct file *file = files_own(symbols->files, tag);
	struct request request = {
		.kind = REQUEST_IDENTITY,
		.file = file->id,
		.identity = { .secret = symbols->secret },
	};
	struct answer answer;
	int err;

	if (file->identified)
		return;
	file->identified = true;
	symbols_ask_about(symbols, pid, opened->aside);
	err = ask_client(symbols, &request, opened, &answer);
	if (err)
		blame_file(symbols, file, request.kind, err);
	else if (!answer.error && answer.identity)
		files_identify(symbols->files, tag, answer.identity);
}

struct file *location_find_file(struct symbols *symbols, struct location *location)
{
	struct mapping *mapping = location->mapping;
	int err;

	if (!mapping || mapping->tag == TAG_NO_FILE)
		return NULL;
	if (!mapping->tag) {
		err = location_open(symbols, location);
		if (err == -EACCES || err == -EPERM)
			note_process(&symbols->closed, location->pid);
		if (!err)
			err = files_tag(symbols->files, &location->opened.status, &mapping->tag);
		if (err && err != -EBUSY && !error_is_passing(err))
			mapping->tag = TAG_NO_FILE;
		if (err)
			return NULL;
		/* what need not answer does not stand for another of the same content, that does */
		if (location->opened.may_hang)
			files_own(symbols->files, mapping->tag)->aside = true;
		else
			identify(symbols, location->pid, mapping->tag, &location->opened);
	}
	location->file = files_get(symbols->files, mapping->tag);
	return location->file;
}

void location_after_calls(const struct symbols *symbols, pid_t pid, struct after_call *v, size_t nr)
{
	struct memory memory = { symbols->memory, pid };
	struct memory_piece pieces[AFTER_CALLS_MAX];
	uint8_t code[AFTER_CALLS_MAX][CALL_BYTES];

	if (nr > AFTER_CALLS_MAX)
		nr = AFTER_CALLS_MAX;
	for (size_t i = 0; i < nr; i++) {
		uint64_t bytes = v[i].addr - v[i].mapping->start;

		if (bytes > CALL_BYTES)
			bytes = CALL_BYTES;
		pieces[i] = (struct memory_piece){ v[i].addr - bytes, code[i], bytes, 0 };
	}
	memory_read_pieces(&memory, pieces, nr);
	for (size_t i = 0; i < nr; i++)
		v[i].is = pieces[i].error ||
			  call_precedes(code[i], pieces[i].bytes, call_own_machine());
}

bool location_after_call(const struct symbols *symbols, const struct location *location,
			 uint64_t addr)
{
	struct after_call asked = { .mapping = location->mapping, .addr = addr };

	location_after_calls(symbols, location->pid, &asked, 1);
	return asked.is;
}
