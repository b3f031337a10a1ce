// SPDX-License-Identifier: GPL-2.0-or-later
/* notes.c - where standard error goes while the screen is in use. */
#include "top/notes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "output/queue.h"

#define KEPT_BYTES 65536 /* the oldest lines go first */
#define TAKEN_MS   100 /* for a reader that takes nothing longer is not waited */

struct notes {
	int saved; /* what standard error was */
	int reader;
	char *kept;
	size_t bytes;
	char *line;
};

static void notes_free(struct notes *notes)
{
	if (notes->saved >= 0)
		close(notes->saved);
	if (notes->reader >= 0)
		close(notes->reader);
	free(notes->kept);
	free(notes->line);
	free(notes);
}

int notes_divert(struct notes **out)
{
	struct notes *notes = calloc(1, sizeof(*notes));
	int fds[2] = { -1, -1 }, err = 0;

	if (!notes)
		return -ENOMEM;
	notes->reader = -1;
	notes->kept = malloc(KEPT_BYTES);
	notes->saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	/* a full pipe must not stop the writer: the rest of such a flood is lost */
	if (!notes->kept)
		err = -ENOMEM;
	else if (notes->saved < 0 || pipe2(fds, O_CLOEXEC | O_NONBLOCK) ||
		 dup2(fds[1], STDERR_FILENO) < 0)
		err = -errno;
	notes->reader = fds[0];
	if (fds[1] >= 0)
		close(fds[1]);
	if (err) {
		notes_free(notes);
		return err;
	}
	*out = notes;
	return 0;
}

static void make_room(struct notes *notes)
{
	char *end = memchr(notes->kept + KEPT_BYTES / 2, '\n', KEPT_BYTES / 2);
	size_t gone = end ? (size_t)(end + 1 - notes->kept) : KEPT_BYTES / 2;

	notes->bytes -= gone;
	memmove(notes->kept, notes->kept + gone, notes->bytes);
}

const char *notes_read(struct notes *notes)
{
	char *end, *start, *last;
	size_t had = notes->bytes;
	ssize_t n;

	for (;;) {
		if (notes->bytes == KEPT_BYTES)
			make_room(notes);
		n = read(notes->reader, notes->kept + notes->bytes, KEPT_BYTES - notes->bytes);
		if (n <= 0)
			break;
		notes->bytes += (size_t)n;
	}
	end = memrchr(notes->kept, '\n', notes->bytes);
	if (!end || notes->bytes == had)
		return NULL;
	start = memrchr(notes->kept, '\n', (size_t)(end - notes->kept));
	start = start ? start + 1 : notes->kept;
	last = strndup(start, (size_t)(end - start));
	free(notes->line);
	notes->line = last ? escape_text(last) : NULL;
	free(last);
	return notes->line;
}

void notes_restore(struct notes *notes)
{
	size_t done = 0, at_once;
	ssize_t n;

	if (!notes)
		return;
	notes_read(notes);
	dup2(notes->saved, STDERR_FILENO);
	at_once = queue_at_once(STDERR_FILENO);
	while (done < notes->bytes) {
		struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
		size_t part = notes->bytes - done;

		if (at_once && poll(&ready, 1, TAKEN_MS) == 0)
			break;
		n = write(STDERR_FILENO, notes->kept + done,
			  at_once && part > at_once ? at_once : part);
		if (n <= 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	notes_free(notes);
}
