// SPDX-License-Identifier: GPL-2.0-or-later
/* lookup.c - which debug files a file still lacks, and how they get to the child. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "symbol/debug_files.h"
#include "symbol/private.h"
#include "symbol/wire/debug_file.h"

/*
 * The functions that an answer names, which stay where the answer is; how many,
 * or -EPROTO: it makes no sense.
 */
static int read_lines(const struct answer_symbol *answer, struct symbol_line *lines)
{
	const char *at = answer->text, *end = at + answer->text_bytes;

	/* The text ends with a NUL: so does each string that begins in it. */
	for (uint32_t i = 0; i < answer->nr_lines; i++) {
		const char *fn = at, *file = at < end ? at + strlen(at) + 1 : end;

		if (file >= end)
			return -EPROTO;
		at = file + strlen(file) + 1;
		lines[i] = (struct symbol_line){
			.fn = fn,
			.file = file[0] ? file : NULL,
			.line = answer->lines[i],
		};
	}
	return (int)answer->nr_lines;
}

/*
 * Sends what may be a file that belongs to this one. 0: it is; -ENOKEY: it is not,
 * or cannot be used; else as client_ask(): not known.
 */
static int attach(struct symbols *symbols, struct file *file, enum debug_file which,
		  const struct file_opened *opened)
{
	struct request request = {
		.kind = REQUEST_ATTACH,
		.file = file->id,
		.attach = { .which = which },
	};
	struct answer answer;
	int err = ask_client(symbols, &request, opened, &answer);

	if (err == -EPIPE || err == -EPROTO) {
		/* That file is bad, not the one that it is said to belong to. */
		symbols->files_refused++;
		file->generation = 0;
		return -ENOKEY;
	}
	return !err && answer.error ? -ENOKEY : err;
}

/*
 * Looks for a debug file that the child is without. True: it has got one, and may
 * have more to say.
 */
static bool attach_missing(struct symbols *symbols, const struct location *location,
			   unsigned int wants)
{
	struct file *file = location->file;
	enum debug_file which =
		wants & DEBUG_FILE_OWN & ~file->absent ? DEBUG_FILE_OWN : DEBUG_FILE_SHARED;
	struct request request = { .kind = REQUEST_LINKS, .file = file->id };
	struct debug_wanted wanted = { .target = { symbols->memory, location->pid },
				       .aside = location->aside,
				       .path = maps_path(location->maps, location->mapping) };
	const struct answer_link *link;
	struct answer answer;

	if (!(wants & which & ~file->absent) || ask_client(symbols, &request, NULL, &answer) ||
	    answer.error)
		return false;
	file->absent |= which;
	link = which == DEBUG_FILE_OWN ? &answer.links.own : &answer.links.shared;
	wanted.id = link->id;
	wanted.name = link->name;
	for (unsigned int i = 0; !file->refused; i++) {
		struct file_opened opened __closing_opened;
		int err = debug_files_open(&wanted, i, &opened);

		if (!err && lend_check(symbols, location->pid, &opened))
			err = -ENOENT;
		if (!err && opened.aside && !wanted.aside) {
			/* only the child aside can have it, and the file with it */
			file->aside = true;
			file->absent &= ~which;
			return true;
		}
		if (!err)
			err = attach(symbols, file, which, &opened);
		if (err == -ERANGE)
			break;
		if (err == -ENOENT || err == -ENOKEY)
			continue;
		/* It has come, or is looked for again. */
		file->absent &= ~which;
		return !err;
	}
	return false;
}

/*
 * Asks what is at the location, and for the debug files that are needed to say it, of
 * which without lines there may be one. 0 or as ask_about_file().
 */
static int ask_symbol(struct symbols *symbols, struct location *location, bool lines,
		      struct answer *answer)
{
	struct request request = {
		.kind = REQUEST_SYMBOL,
		.symbol = {
			.offset = location_offset(location),
			.is_return = location->is_return,
			.without_lines = !lines,
		},
	};
	int err = ask_about_file(symbols, location, &request, answer);
	/* Its own, and the one that it shares with others. */
	int left = 1 + lines;

	while (left && !err && attach_missing(symbols, location, answer->symbol.wants)) {
		/* the child aside has neither yet */
		left = location->file->aside && !location->aside ? 1 + lines : left - 1;
		err = ask_about_file(symbols, location, &request, answer);
	}
	return err;
}

void lookup_send_debug(struct symbols *symbols, struct location *location)
{
	struct answer answer;

	ask_symbol(symbols, location, false, &answer);
}

bool lookup(struct symbols *symbols, struct location *location, bool with_lines,
	    struct place_info *out)
{
	struct file *file = location_find_file(symbols, location);
	struct symbol_line lines[ANSWER_LINES_MAX];
	struct answer answer;
	struct place place;
	int nr;

	if (!file || file->refused)
		return false;
	place = (struct place){ .file = file->id,
				.is_return = location->is_return,
				.offset = location_offset(location) };
	if (place_cache_find(symbols->places, &place, out))
		return true;
	place.without_lines = !with_lines;
	if (!with_lines && place_cache_find(symbols->places, &place, out))
		return true;
	if (ask_symbol(symbols, location, with_lines, &answer))
		return false;
	snprintf(file->build_id, sizeof(file->build_id), "%s", answer.symbol.build_id);
	symbols->lines_left_out += with_lines && (answer.symbol.incomplete || file->lines_refused);
	nr = read_lines(&answer.symbol, lines);
	if (nr < 0) {
		blame_refuse_file(symbols, file);
		return false;
	}
	*out = (struct place_info){
		.lines = lines,
		.nr_lines = (size_t)nr,
		.vaddr = answer.symbol.vaddr,
		.symbol_offset = answer.symbol.symbol_offset,
		.after_call = answer.symbol.after_call,
	};
	return place_cache_add(symbols->places, &place, out) == 0;
}
