// SPDX-License-Identifier: GPL-2.0-or-later
/* contents.c - what is in a whole file that a target has mapped: functions, objects, a word. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proc/cleanup.h"
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
