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
	if (request->kind == REQUEST_WORD && (*file)->text &&
	    !strcmp((*file)->text, request->text)) {
		snprintf(answer->text, sizeof(answer->text), "%s", (*file)->word);
		answer->text_bytes = (uint32_t)strlen(answer->text) + 1;
		return 0;
	}
	return spot_ask(symbols, &spot, *file, fd, request, answer);
}

static int add_text(struct request *request, const char *text)
{
	size_t bytes = strlen(text) + 1;

	if (bytes > sizeof(request->text) - request->text_bytes)
		return -ENAMETOOLONG;
	memcpy(request->text + request->text_bytes, text, bytes);
	request->text_bytes += (uint32_t)bytes;
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
		err = add_text(&request, names[i]);
	if (!err)
		err = ask_file(symbols, pid, addr, &request, &answer, &file);
	if (err)
		return err;
	file->asked = true;
	file->defined = *defined = answer.defined;
	return 0;
}

int symbols_word(struct symbols *symbols, pid_t pid, uint64_t addr, const char *text, char *word,
		 size_t size)
{
	struct request request = { .kind = REQUEST_WORD };
	struct answer answer;
	struct file *file;
	int err = add_text(&request, text);

	if (!err)
		err = ask_file(symbols, pid, addr, &request, &answer, &file);
	if (err)
		return err;
	if (!answer.text_bytes)
		answer.text[0] = '\0';
	file->text = text;
	snprintf(file->word, sizeof(file->word), "%.*s", (int)sizeof(file->word) - 1, answer.text);
	if (!file->word[0])
		return -ENOENT;
	snprintf(word, size, "%.*s", (int)size - 1, answer.text);
	return 0;
}

/* As many as the answer has: false when it contradicts itself. */
static bool take_objects(const struct answer *answer, struct symbols_object *objects, size_t nr)
{
	size_t at = 0;

	for (size_t i = 0; i < nr; i++) {
		size_t bytes = i < answer->nr_lines ? answer->lines[i] : 0;

		if (bytes > answer->text_bytes - at)
			return false;
		objects[i].nr = bytes < objects[i].size ? bytes : objects[i].size;
		memcpy(objects[i].bytes, answer->text + at, objects[i].nr);
		at += bytes;
	}
	return true;
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
			(struct request){ .kind = local ? REQUEST_LOCAL_OBJECTS : REQUEST_OBJECTS };
		for (now = 0; done + now < nr && now < ANSWER_LINES_MAX; now++)
			if (add_text(&request, objects[done + now].name))
				break;
		if (!now)
			return -ENAMETOOLONG;
		err = ask_file(symbols, pid, addr, &request, &answer, &file);
		if (!err && !take_objects(&answer, objects + done, now))
			err = -EPROTO;
	}
	return err;
}

/* Asks for linked addresses unless they are known. 0 or as symbols_addresses(). */
static int ask_addresses(struct symbols *symbols, const struct spot *spot, struct file *file,
			 int fd, struct request *request, size_t nr)
{
	struct file_addresses *known = &file->addresses;
	bool local = request->kind == REQUEST_LOCAL_ADDRESSES;
	struct answer answer;
	int err;

	request->offset = spot->mapping->offset;
	if (known->asked && known->offset == request->offset && known->local >= local)
		return 0;
	err = spot_ask(symbols, spot, file, fd, request, &answer);
	if (err == -ENOTCONN || err == -EAGAIN || err == -ECANCELED)
		return -EBUSY;
	if (err)
		return err;
	if (answer.text_bytes && answer.text_bytes != nr * sizeof(known->v[0]) + 1)
		return -EPROTO;
	*known = (struct file_addresses){
		.offset = request->offset,
		.asked = true,
		.local = local,
		.known = answer.text_bytes,
		.vaddr = answer.vaddr,
	};
	if (known->known)
		memcpy(known->v, answer.text, nr * sizeof(known->v[0]));
	return 0;
}

int symbols_addresses(struct symbols *symbols, pid_t pid, struct maps *maps,
		      struct mapping *mapping, bool local, const char *const *names, size_t nr,
		      uint64_t *addresses)
{
	struct request request = { .kind = local ? REQUEST_LOCAL_ADDRESSES : REQUEST_ADDRESSES };
	struct spot spot = { .pid = pid, .addr = mapping->start, .maps = maps, .mapping = mapping };
	int fd __closing = -1;
	struct file *file;
	int err = nr > FILE_ADDRESSES_MAX ? -E2BIG : 0;

	for (size_t i = 0; i < nr && !err; i++)
		err = add_text(&request, names[i]);
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
