// SPDX-License-Identifier: GPL-2.0-or-later
/* contents.c - what is in a whole file that a target has mapped: functions, objects, a word, addresses. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "symbol/spot.h"

/* Asks about the whole file that is mapped at addr. */
static int ask_file(struct symbols *symbols, pid_t pid, uint64_t addr, struct request *request,
		    struct answer *answer, struct file **file)
{
	struct spot spot = { .pid = pid, .addr = addr };
	int fd __closing = -1;

	if (files_full(symbols->files))
		spot_renew_files(symbols);
	spot.mapping = maps_cache_find(symbols->spaces, pid, addr, &spot.maps);
	*file = spot.mapping ? spot_file(symbols, &spot, &fd) : NULL;
	if (!*file || (*file)->refused)
		return -ENOENT;
	/* the same file in another process, or another run of the program */
	if (request->kind == REQUEST_DEFINED && (*file)->asked) {
		answer->defined = (*file)->defined;
		return 0;
	}
	if (request->kind == REQUEST_VERSION && (*file)->before &&
	    !strcmp((*file)->before, request->version.before.v)) {
		snprintf(answer->version, sizeof(answer->version), "%s", (*file)->version);
		return 0;
	}
	return spot_ask(symbols, &spot, *file, fd, request, answer);
}

static int add_text(struct request_text *text, const char *string)
{
	size_t bytes = strlen(string) + 1;

	if (bytes > sizeof(text->v) - text->bytes)
		return -ENAMETOOLONG;
	memcpy(text->v + text->bytes, string, bytes);
	text->bytes += (uint32_t)bytes;
	return 0;
}

int symbols_defined(struct symbols *symbols, pid_t pid, uint64_t addr, const char *const *names,
		    size_t nr, uint64_t *defined)
{
	struct request request = { .kind = REQUEST_DEFINED };
	struct answer answer;
	struct file *file;
	int err = 0;

	for (size_t i = 0; i < nr && !err; i++)
		err = add_text(&request.defined.names, names[i]);
	if (!err)
		err = ask_file(symbols, pid, addr, &request, &answer, &file);
	if (err)
		return err;
	file->asked = true;
	file->defined = *defined = answer.defined;
	return 0;
}

int symbols_version(struct symbols *symbols, pid_t pid, uint64_t addr, const char *before,
		    char *version, size_t size)
{
	struct request request = { .kind = REQUEST_VERSION };
	struct answer answer;
	struct file *file;
	int err = add_text(&request.version.before, before);

	if (!err)
		err = ask_file(symbols, pid, addr, &request, &answer, &file);
	if (err)
		return err;
	file->before = before;
	memcpy(file->version, answer.version, sizeof(file->version));
	if (!file->version[0])
		return -ENOENT;
	snprintf(version, size, "%s", file->version);
	return 0;
}

static void take_objects(const struct answer_objects *answer, struct symbols_object *objects,
			 size_t nr)
{
	size_t at = 0;

	for (size_t i = 0; i < nr; i++) {
		size_t bytes = i < answer->nr ? answer->bytes[i] : 0;

		objects[i].nr = bytes < objects[i].size ? bytes : objects[i].size;
		memcpy(objects[i].bytes, answer->contents + at, objects[i].nr);
		at += bytes;
	}
}

int symbols_objects(struct symbols *symbols, pid_t pid, uint64_t addr, bool local,
		    struct symbols_object *objects, size_t nr)
{
	struct request request;
	struct answer answer;
	struct file *file;
	int err = 0;

	for (size_t done = 0, now; done < nr && !err; done += now) {
		request =
			(struct request){ .kind = REQUEST_OBJECTS, .objects = { .local = local } };
		for (now = 0; done + now < nr && now < ANSWER_OBJECTS_MAX; now++)
			if (add_text(&request.objects.names, objects[done + now].name))
				break;
		if (!now)
			return -ENAMETOOLONG;
		err = ask_file(symbols, pid, addr, &request, &answer, &file);
		if (!err)
			take_objects(&answer.objects, objects + done, now);
	}
	return err;
}

/* Asks for linked addresses unless they are known. 0 or as symbols_addresses(). */
static int ask_addresses(struct symbols *symbols, const struct spot *spot, struct file *file,
			 int fd, struct request *request, size_t nr)
{
	struct file_addresses *known = &file->addresses;
	bool local = request->addresses.local;
	struct answer answer;
	int err;

	if (known->asked && known->offset == spot->mapping->offset && known->local >= local)
		return 0;
	err = spot_ask(symbols, spot, file, fd, request, &answer);
	if (err == -ENOTCONN || err == -EAGAIN || err == -ECANCELED)
		return -EBUSY;
	if (err)
		return err;
	if (answer.addresses.nr && answer.addresses.nr != nr)
		return -EPROTO;
	*known = (struct file_addresses){
		.offset = spot->mapping->offset,
		.asked = true,
		.local = local,
		.known = answer.addresses.nr,
		.vaddr = answer.addresses.vaddr,
	};
	memcpy(known->v, answer.addresses.v, answer.addresses.nr * sizeof(known->v[0]));
	return 0;
}

int symbols_addresses(struct symbols *symbols, pid_t pid, struct maps *maps,
		      struct mapping *mapping, bool local, const char *const *names, size_t nr,
		      uint64_t *addresses)
{
	struct request request = {
		.kind = REQUEST_ADDRESSES,
		.addresses = { .offset = mapping->offset, .local = local },
	};
	struct spot spot = { .pid = pid, .addr = mapping->start, .maps = maps, .mapping = mapping };
	int fd __closing = -1;
	struct file *file;
	int err = nr > ANSWER_ADDRESSES_MAX ? -E2BIG : 0;

	for (size_t i = 0; i < nr && !err; i++)
		err = add_text(&request.addresses.names, names[i]);
	if (err)
		return err;
	if (files_full(symbols->files))
		spot_renew_files(symbols);
	/* files may have been renewed since the caller asked before */
	mapping->tag = 0;
	file = spot_file(symbols, &spot, &fd);
	if (!file)
		return -ENOENT;
	if (file->refused)
		return -EIO;
	err = ask_addresses(symbols, &spot, file, fd, &request, nr);
	if (!err && !file->addresses.known)
		err = -ENOENT;
	for (size_t i = 0; i < nr && !err; i++)
		addresses[i] = file->addresses.v[i] ? mapping->start - file->addresses.vaddr +
							      file->addresses.v[i]
						    : 0;
	return err;
}
