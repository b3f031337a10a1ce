// SPDX-License-Identifier: GPL-2.0-or-later
/* file_lock.c - which of the lines of /proc/locks is in the way of a lock. */
#include "proc/peer/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

/*
 * The kernel goes through all locks from the first for each page that is read, and
 * holds up those who lock meanwhile: what is read is bounded.
 */
#define BYTES_MAX (256u << 10)
#define BUDGET_NS (3 * NS_PER_MS)
#define PAGE	  4096

/* "1: -> FLOCK  ADVISORY  WRITE 123 fe:00:456 0 EOF" */
struct line {
	unsigned long long id;
	bool waits;
	bool posix; /* a process does not get into its own way */
	bool writes;
	long pid;
	uint32_t dev;
	uint64_t ino;
};

static bool parse(const char *text, struct line *out)
{
	char type[12], access[12];
	unsigned int major, minor;
	unsigned long long ino;
	int used = 0;

	if (sscanf(text, "%llu:%n", &out->id, &used) != 1 || !used)
		return false;
	text += used;
	text += strspn(text, " ");
	out->waits = !strncmp(text, "->", 2);
	if (out->waits)
		text += 2;
	if (sscanf(text, "%11s %*s %11s %ld %x:%x:%llu", type, access, &out->pid, &major, &minor,
		   &ino) != 6)
		return false;
	out->posix = !strcmp(type, "POSIX");
	if (!out->posix && strcmp(type, "FLOCK") != 0 && strcmp(type, "OFDLCK") != 0)
		return false; /* leases */
	out->writes = !strcmp(access, "WRITE");
	out->dev = major << 20 | (minor & 0xfffff);
	out->ino = ino;
	return true;
}

struct search {
	const struct file_lock *lock;
	struct line held; /* the last one that is, on this file */
	struct line best; /* that may be in the way */
	bool found;
	bool certain; /* the kernel says that the asker waits for it */
};

static void see(struct search *search, const char *text)
{
	const struct file_lock *lock = search->lock;
	struct line line = { 0 };

	if (!parse(text, &line) || line.dev != lock->dev || line.ino != lock->ino)
		return;
	if (line.waits) {
		if (line.pid == lock->asker && line.id == search->held.id) {
			search->best = search->held;
			search->found = search->certain = true;
		}
		return;
	}
	search->held = line;
	if (line.posix && line.pid == lock->asker)
		return;
	if (!search->found || (line.writes && !search->best.writes))
		search->best = line;
	search->found = true;
}

int file_lock_holder(const struct file_lock *lock, uint64_t until_ns, pid_t *holder)
{
	int fd __closing = open("/proc/locks", O_RDONLY | O_CLOEXEC);
	uint64_t most_ns = clock_spent_ns() + BUDGET_NS;
	struct search search = { .lock = lock };
	char text[PAGE + PAGE];
	size_t kept = 0, bytes = 0;
	ssize_t n = 1; /* there is more */

	if (fd < 0)
		return -errno;
	while (!search.certain && bytes < BYTES_MAX && clock_spent_ns() < most_ns &&
	       clock_now_ns() < until_ns) {
		char *rest = text, *line, *end;

		n = read(fd, text + kept, sizeof(text) - 1 - kept);
		if (n <= 0)
			break;
		bytes += (size_t)n;
		text[kept + (size_t)n] = '\0';
		while ((end = strchr(rest, '\n')) && !search.certain) {
			line = rest;
			*end = '\0';
			rest = end + 1;
			see(&search, line);
		}
		kept = strlen(rest);
		if (kept >= PAGE) /* no line is as long */
			kept = 0;
		memmove(text, rest, kept);
	}
	if (!search.found)
		return n > 0 ? -EAGAIN : -ENOENT;
	*holder = search.best.pid > 0 ? (pid_t)search.best.pid : FILE_LOCK_OPEN_FILE;
	return 0;
}
