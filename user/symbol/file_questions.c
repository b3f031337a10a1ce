// SPDX-License-Identifier: GPL-2.0-or-later
/* file_questions.c - which answers about a whole file are kept with it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "symbol/private.h"

/* The child, which has no answer now. */
static bool is_away(int err)
{
	return err == -ENOTCONN || err == -EAGAIN || err == -ECANCELED;
}

/* Asks about the whole file that is mapped at addr. */
static int ask_file(struct symbols *symbols, pid_t pid, uint64_t addr, struct request *request,
		    struct answer *answer, struct file **out)
{
	struct location location __closing_location = { .opened = FILE_NOT_OPENED };
	struct file *file;
	int err;

	ask_renew_files(symbols);
	location = location_at(symbols, pid, addr, false);
	file = *out = location_find_file(symbols, &location);
	if (!file)
		return location_error(&location);
	if (file->refused)
		return -ENOENT;
	/* the same file in another process, or another run of the program */
	if (request->kind == REQUEST_DEFINED && file->asked) {
		answer->defined = file->defined;
		return 0;
	}
	if (request->kind == REQUEST_VERSION && file->before &&
	    !strcmp(file->before, request->version.before.v)) {
		memcpy(answer->version, file->version, sizeof(answer->version));
		return 0;
	}
	err = ask_about_file(symbols, &location, request, answer);
	return is_away(err) ? -EBUSY : err;
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

static int add_names(struct request_text *text, const struct symbols_names *names)
{
	int err = 0;

	for (size_t i = 0; i < names->nr && !err; i++)
		err = add_text(text, names->v[i]);
	return err;
}

int symbols_defined(struct symbols *symbols, pid_t pid, uint64_t addr,
		    const struct symbols_names *names, uint64_t *defined)
{
	struct request request = { .kind = REQUEST_DEFINED };
	struct answer answer;
	struct file *file;
	int err = add_names(&request.defined.names, names);

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
static int ask_addresses(struct symbols *symbols, struct location *location,
			 struct request *request, size_t nr)
{
	struct file_addresses *known = &location->file->addresses;
	uint64_t offset = request->addresses.offset;
	bool local = request->addresses.local;
	struct answer answer;
	int err;

	if (known->asked && known->offset == offset && known->local >= local)
		return 0;
	err = ask_about_file(symbols, location, request, &answer);
	if (is_away(err))
		return -EBUSY;
	if (err)
		return err;
	if (answer.addresses.nr && answer.addresses.nr != nr)
		return -EPROTO;
	*known = (struct file_addresses){
		.offset = offset,
		.asked = true,
		.local = local,
		.known = answer.addresses.nr,
		.vaddr = answer.addresses.vaddr,
	};
	memcpy(known->v, answer.addresses.v, answer.addresses.nr * sizeof(known->v[0]));
	return 0;
}

int symbols_addresses(struct symbols *symbols, const struct symbols_mapped *mapped, bool local,
		      const struct symbols_names *names, uint64_t *addresses)
{
	struct mapping *mapping = mapped->mapping;
	struct location location __closing_location =
		location_of(mapped->pid, mapped->maps, mapping);
	struct request request = {
		.kind = REQUEST_ADDRESSES,
		.addresses = { .offset = mapping->offset, .local = local },
	};
	const struct file_addresses *known;
	int err = names->nr > ANSWER_ADDRESSES_MAX ? -E2BIG
						   : add_names(&request.addresses.names, names);

	if (err)
		return err;
	ask_renew_files(symbols);
	/* files may have been renewed since the caller asked before */
	mapping->tag = 0;
	if (!location_find_file(symbols, &location))
		return location_error(&location);
	if (location.file->refused)
		return -EIO;
	err = ask_addresses(symbols, &location, &request, names->nr);
	known = &location.file->addresses;
	if (!err && !known->known)
		err = -ENOENT;
	for (size_t i = 0; i < names->nr && !err; i++)
		addresses[i] = known->v[i] ? mapping->start - known->vaddr + known->v[i] : 0;
	return err;
}
