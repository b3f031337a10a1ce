// SPDX-License-Identifier: GPL-2.0-or-later
/* ask.c - when a question is worth being asked again, with its file or without. */
#include <errno.h>

#include "symbol/private.h"

void symbols_ask_about(struct symbols *symbols, pid_t pid, bool aside)
{
	symbols->client = aside ? symbols->aside : askers_client(symbols->askers, pid);
}

int ask_client(struct symbols *symbols, struct request *request, const struct file_opened *file,
	       struct answer *answer)
{
	int err = client_ask(symbols->client, request, file, answer);

	blame_ended(symbols);
	return err;
}

/*
 * 0, or as client_ask() when there is no answer about this file now, or -ENOENT
 * when it cannot be opened any more, or -EBUSY: not now.
 */
static int ask(struct symbols *symbols, struct location *location, struct request *request,
	       struct answer *answer)
{
	struct file *file = location->file;
	int err = -ENOTCONN;

	location->aside |= file->aside;
	symbols_ask_about(symbols, location->pid, location->aside);
	request->file = file->id;
	/* Once more when the child had died before, once more when it needs the file again. */
	for (int tries = 0; tries < 3 && !file->refused; tries++) {
		bool has_it = file->generation == client_generation(symbols->client);
		bool had_lines = !file->lines_refused;

		if (request->kind == REQUEST_SYMBOL)
			request->symbol.without_lines |= file->lines_refused;
		/* opened for another one */
		if (location->opened.aside != location->aside)
			files_close(&location->opened);
		if (!has_it && !file_is_opened(&location->opened)) {
			err = location_open(symbols, location);
			if (err)
				return err == -EBUSY ? err : -ENOENT;
		}
		err = ask_client(symbols, request, has_it ? NULL : &location->opened, answer);
		if (err == 0 && answer->error != -ESTALE) {
			file->generation = client_generation(symbols->client);
			return 0;
		}
		blame_file(symbols, file, request->kind, err);
		/* killed from outside: the next child may know; or by lines: it may name it */
		if (err && err != -ENOTCONN && err != -ECANCELED &&
		    had_lines == !file->lines_refused)
			return err;
		file->generation = 0;
		/* the child that it was sent to may be no more */
		files_close(&location->opened);
	}
	return err ? err : -ENOTCONN;
}

int ask_about_file(struct symbols *symbols, struct location *location, struct request *request,
		   struct answer *answer)
{
	int err = ask(symbols, location, request, answer);

	if (err) {
		symbols->lookups_failed += err != -ENOENT && err != -EBUSY;
		return err;
	}
	if (answer->error)
		blame_refuse_file(symbols, location->file);
	return answer->error;
}

void ask_renew_files(struct symbols *symbols)
{
	if (!files_full(symbols->files))
		return;
	maps_cache_clear(symbols->spaces);
	files_clear(symbols->files);
	place_cache_clear(symbols->places);
}
