// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbol/spot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "symbol/answers.h"
#include "symbol/jit.h"
#include "symbol/wire/call.h"
#include "symbol/wire/debug_file.h"

/* mapping->tag: 0 not looked at, else one of files.h, or: */
#define TAG_NO_FILE UINT32_MAX
/* A child killed from outside: chance, or the memory that the file made it take. */
#define STRIKES_MAX 3
/* The vDSO of a 32-bit process is another one, and below this. */
#define ADDR_32BIT_END (1ULL << 32)

uint64_t spot_offset(const struct spot *spot)
{
	return spot->addr - spot->mapping->start + spot->mapping->offset;
}

int spot_open(const struct symbols *symbols, const struct spot *spot, struct stat *status)
{
	int fd;

	if (spot->mapping->ino)
		return maps_open(spot->maps, spot->mapping, spot->pid, status);
	if (strcmp(maps_path(spot->maps, spot->mapping), "[vdso]") != 0 ||
	    spot->addr < ADDR_32BIT_END || symbols->vdso_fd < 0)
		return -ENOENT;
	if (fstat(symbols->vdso_fd, status))
		return -errno;
	fd = dup(symbols->vdso_fd);
	return fd < 0 ? -errno : fd;
}

bool spot_after_call(const struct symbols *symbols, const struct spot *spot, uint64_t addr)
{
	struct memory memory = { symbols->memory, spot->pid };
	uint64_t nr = addr - spot->mapping->start;
	uint8_t code[CALL_BYTES];

	if (nr > CALL_BYTES)
		nr = CALL_BYTES;
	if (memory_read(&memory, addr - nr, code, nr))
		return true;
	return call_precedes(code, nr, call_own_machine());
}

void spot_refuse_file(struct symbols *symbols, struct file *file)
{
	file->refused = true;
	symbols->files_refused++;
}

/*
 * What client_ask() or client_ended() says that a file did to the child. The larger
 * part of what is read to name a place is debug information: that goes first, and
 * the file only if it does the same without.
 */
static void spot_blame(struct symbols *symbols, struct file *file, uint32_t kind, int how)
{
	if (file->refused)
		return;
	if (how != -EPIPE && how != -ETIMEDOUT && how != -EPROTO &&
	    (how != -ECANCELED || ++file->strikes != STRIKES_MAX))
		return;
	if (kind == REQUEST_SYMBOL && !file->lines_refused) {
		file->lines_refused = true;
		file->absent |= DEBUG_FILE_SHARED;
		file->strikes = 0;
	} else {
		spot_refuse_file(symbols, file);
	}
}

void spot_blame_cfi(struct symbols *symbols, struct file *file, int how)
{
	if (file->cfi_refused || (how == -ECANCELED && ++file->cfi_strikes < STRIKES_MAX))
		return;
	file->cfi_refused = true;
	symbols->files_refused++;
}

/* That file is bad, not the one that it is said to belong to. */
static void spot_blame_other(struct symbols *symbols, struct file *file, int how)
{
	if (how == -ECANCELED)
		return;
	file->absent = DEBUG_FILE_OWN | DEBUG_FILE_SHARED;
	symbols->files_refused++;
}

void spot_note_ended(struct symbols *symbols)
{
	struct file *file;
	uint32_t id, kind;
	int how;

	if (!client_ended(symbols->client, &kind, &id, &how))
		return;
	if (kind == REQUEST_MAP_READ || kind == REQUEST_MAP_NAME) {
		jit_ended(symbols->jit, id, how);
		return;
	}
	file = files_by_id(symbols->files, id);
	if (file && (kind == REQUEST_CFI || kind == REQUEST_CFI_DEBUG || kind == REQUEST_UNWIND))
		spot_blame_cfi(symbols, file, how);
	else if (file && kind == REQUEST_ATTACH)
		spot_blame_other(symbols, file, how);
	else if (file)
		spot_blame(symbols, file, kind, how);
}

int spot_ask_client(struct symbols *symbols, struct request *request, int fd, struct answer *answer)
{
	int err = client_ask(symbols->client, request, fd, answer);

	spot_note_ended(symbols);
	return err;
}

/* Looks once whether a file is the same as one that is known already. */
static void identify(struct symbols *symbols, uint32_t tag, int fd)
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
	err = spot_ask_client(symbols, &request, fd, &answer);
	if (err)
		spot_blame(symbols, file, request.kind, err);
	else if (!answer.error && answer.identity)
		files_identify(symbols->files, tag, answer.identity);
}

struct file *spot_file(struct symbols *symbols, const struct spot *spot, int *fd)
{
	struct mapping *mapping = spot->mapping;
	struct stat status;

	if (mapping->tag == TAG_NO_FILE)
		return NULL;
	if (mapping->tag)
		return files_get(symbols->files, mapping->tag);
	*fd = spot_open(symbols, spot, &status);
	if (*fd < 0 || files_tag(symbols->files, &status, &mapping->tag)) {
		mapping->tag = TAG_NO_FILE;
		return NULL;
	}
	identify(symbols, mapping->tag, *fd);
	return files_get(symbols->files, mapping->tag);
}

/*
 * 0, or as client_ask() when there is no answer about this file now, or -ENOENT
 * when it cannot be opened any more.
 */
static int ask(struct symbols *symbols, const struct spot *spot, struct file *file, int fd,
	       struct request *request, struct answer *answer)
{
	int opened __closing = -1;
	int err = -ENOTCONN;

	request->file = file->id;
	/* Once more when the child had died before, once more when it needs the file again. */
	for (int tries = 0; tries < 3 && !file->refused; tries++) {
		bool has_it = file->generation == client_generation(symbols->client);
		bool had_lines = !file->lines_refused;

		if (request->kind == REQUEST_SYMBOL)
			request->symbol.without_lines |= file->lines_refused;
		if (!has_it && fd < 0) {
			struct stat status;

			fd = opened = spot_open(symbols, spot, &status);
			if (fd < 0)
				return -ENOENT;
		}
		err = spot_ask_client(symbols, request, has_it ? -1 : fd, answer);
		if (err == 0 && answer->error != -ESTALE) {
			file->generation = client_generation(symbols->client);
			return 0;
		}
		spot_blame(symbols, file, request->kind, err);
		/* killed from outside: the next child may know; or by lines: it may name it */
		if (err && err != -ENOTCONN && err != -ECANCELED &&
		    had_lines == !file->lines_refused)
			return err;
		file->generation = 0;
	}
	return err ? err : -ENOTCONN;
}

int spot_ask(struct symbols *symbols, const struct spot *spot, struct file *file, int fd,
	     struct request *request, struct answer *answer)
{
	int err = ask(symbols, spot, file, fd, request, answer);

	if (err) {
		symbols->lookups_failed += err != -ENOENT;
		return err;
	}
	if (answer->error)
		spot_refuse_file(symbols, file);
	return answer->error;
}

void spot_renew_files(struct symbols *symbols)
{
	maps_cache_clear(symbols->spaces);
	files_clear(symbols->files);
	answers_clear(symbols->answers);
}
