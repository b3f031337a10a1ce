// SPDX-License-Identifier: GPL-2.0-or-later
/* maps.c - /proc/PID/maps with every size bounded. */
#include "proc/maps.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/files.h"
#include "proc/process.h"
#include "proc/procfs.h"

/* vm.max_map_count is 65530 unless raised; some databases ask for 262144. */
#define LINES_MAX   262144
#define KEPT_MAX    65536
#define NAMES_BYTES (1 << 20)
/* The kernel writes a path of up to 4096 bytes, a newline in it as four. */
#define LINE_BYTES     (32 * 1024)
#define PART_BYTES     (256 * 1024)
#define LINE_MIN_BYTES (sizeof("0-0 ---p 0 0:0 0") - 1)

struct maps {
	struct mapping *v;
	size_t nr;
	size_t capacity;
	char *names; /* strings one behind the other; the one at 0 is "" */
	size_t names_bytes;
	size_t names_capacity;
	size_t cut;
};

struct lines {
	int fd; /* -1: of the target's */
	const struct memory *target;
	uint64_t offset; /* in its maps, of what comes behind the part */
	char *part;
	size_t part_start, part_end;
	bool ended; /* the part is the last */
	size_t start; /* of what has not been given out */
	size_t end;
	bool skipping; /* the rest of a line that was too long */
	char buffer[LINE_BYTES];
};

/* How many bytes came; 0 at the end, or -errno. */
static ssize_t lines_read(struct lines *lines, void *to, size_t bytes)
{
	ssize_t got;

	if (lines->fd >= 0) {
		do {
			got = read(lines->fd, to, bytes);
		} while (got < 0 && errno == EINTR);
		return got < 0 ? -errno : got;
	}
	if (lines->part_start == lines->part_end) {
		/* it is opened anew for more: what is mapped meanwhile would begin in the middle of a line */
		if (lines->ended)
			return 0;
		got = files_read(lines->target, "maps", lines->offset, lines->part, PART_BYTES);
		if (got <= 0)
			return got;
		lines->ended = got < PART_BYTES;
		lines->offset += (uint64_t)got;
		lines->part_start = 0;
		lines->part_end = (size_t)got;
	}
	if (bytes > lines->part_end - lines->part_start)
		bytes = lines->part_end - lines->part_start;
	memcpy(to, lines->part + lines->part_start, bytes);
	lines->part_start += bytes;
	return (ssize_t)bytes;
}

/*
 * The next line, without its newline, in *line; 1, 0 at the end, or -errno. A
 * line longer than the buffer is given cut and its rest passed over.
 */
static int lines_next(struct lines *lines, char **line)
{
	for (;;) {
		char *start = lines->buffer + lines->start;
		char *newline = memchr(start, '\n', lines->end - lines->start);
		ssize_t got;

		if (newline) {
			*newline = '\0';
			lines->start = (size_t)(newline - lines->buffer) + 1;
			if (!lines->skipping) {
				*line = start;
				return 1;
			}
			lines->skipping = false;
			continue;
		}
		if (lines->skipping) {
			lines->start = lines->end = 0;
		} else if (lines->start == 0 && lines->end == sizeof(lines->buffer) - 1) {
			lines->buffer[lines->end] = '\0';
			lines->start = lines->end;
			lines->skipping = true;
			*line = lines->buffer;
			return 1;
		} else {
			memmove(lines->buffer, start, lines->end - lines->start);
			lines->end -= lines->start;
			lines->start = 0;
		}
		got = lines_read(lines, lines->buffer + lines->end,
				 sizeof(lines->buffer) - 1 - lines->end);
		if (got <= 0)
			return (int)got;
		lines->end += (size_t)got;
	}
}

static bool number(char **at, int base, char end, uint64_t *out)
{
	char *stop;

	if (**at == '-' || **at == '+' || **at == ' ')
		return false;
	errno = 0;
	*out = strtoull(*at, &stop, base);
	if (errno || stop == *at || *stop != end)
		return false;
	*at = stop + (end != '\0');
	return true;
}

/* "start-end perms offset major:minor inode      path"; *path is left at the path. */
static bool parse_line(char *line, struct mapping *mapping, char **path)
{
	uint64_t major_nr, minor_nr;
	char *inode_end;

	if (strlen(line) < LINE_MIN_BYTES || !number(&line, 16, '-', &mapping->start) ||
	    !number(&line, 16, ' ', &mapping->end) || mapping->end <= mapping->start)
		return false;
	if (strnlen(line, 5) < 5 || line[4] != ' ')
		return false;
	mapping->executable = line[2] == 'x';
	line += 5;
	if (!number(&line, 16, ' ', &mapping->offset) || !number(&line, 16, ':', &major_nr) ||
	    !number(&line, 16, ' ', &minor_nr))
		return false;
	mapping->dev = makedev((unsigned int)major_nr, (unsigned int)minor_nr);
	inode_end = line + strspn(line, "0123456789");
	if (!number(&line, 10, *inode_end, &mapping->ino))
		return false;
	*path = inode_end + strspn(inode_end, " ");
	return true;
}

/* The kernel writes a newline in a name as \012, and nothing else so: seq_path(m, path, "\n"). */
static void unescape(char *path)
{
	char *to = path;

	for (const char *from = path; *from; to++) {
		if (strncmp(from, "\\012", 4) == 0) {
			*to = '\n';
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

static bool strip_deleted(char *path)
{
	static const char mark[] = " (deleted)";
	size_t length = strlen(path);

	if (path[0] != '/' || length <= sizeof(mark) - 1 ||
	    strcmp(path + length - (sizeof(mark) - 1), mark) != 0)
		return false;
	path[length - (sizeof(mark) - 1)] = '\0';
	return true;
}

static const char *strip_root(const char *path, const char *root)
{
	size_t bytes = strlen(root);

	if (bytes > 1 && strncmp(path, root, bytes) == 0 && path[bytes] == '/')
		return path + bytes;
	return path;
}

static void *grown(void *array, size_t *capacity, size_t need, size_t size)
{
	size_t more = *capacity ? *capacity : 32;
	void *new;

	while (more < need)
		more *= 2;
	new = realloc(array, more * size);
	if (new)
		*capacity = more;
	return new;
}

/* Mappings of one file stand together, so a path is compared with the last one only. */
static int add_name(struct maps *maps, const char *path, uint32_t last, uint32_t *out)
{
	size_t bytes = strlen(path) + 1;

	if (strcmp(maps->names + last, path) == 0) {
		*out = last;
		return 0;
	}
	*out = 0;
	if (bytes == 1)
		return 0;
	if (bytes > PATH_MAX || maps->names_bytes + bytes > NAMES_BYTES) {
		maps->cut++;
		return 0;
	}
	if (maps->names_bytes + bytes > maps->names_capacity) {
		char *names =
			grown(maps->names, &maps->names_capacity, maps->names_bytes + bytes, 1);

		if (!names)
			return -ENOMEM;
		maps->names = names;
	}
	memcpy(maps->names + maps->names_bytes, path, bytes);
	*out = (uint32_t)maps->names_bytes;
	maps->names_bytes += bytes;
	return 0;
}

static int add(struct maps *maps, struct mapping *mapping, const char *path, uint32_t *last)
{
	int err;

	/* Sorted by the kernel, and what maps_find() relies on. */
	if (maps->nr == KEPT_MAX || (maps->nr && maps->v[maps->nr - 1].end > mapping->start)) {
		maps->cut++;
		return 0;
	}
	if (maps->nr == maps->capacity) {
		struct mapping *v = grown(maps->v, &maps->capacity, maps->nr + 1, sizeof(*maps->v));

		if (!v)
			return -ENOMEM;
		maps->v = v;
	}
	err = add_name(maps, path, *last, &mapping->path);
	if (err)
		return err;
	if (mapping->path)
		*last = mapping->path;
	maps->v[maps->nr++] = *mapping;
	return 0;
}

static int parse(struct maps *maps, struct lines *lines, const char *root)
{
	uint32_t last = 0;
	char *line = NULL;
	int more;

	for (size_t nr = 0; (more = lines_next(lines, &line)) > 0; nr++) {
		struct mapping mapping = { 0 };
		char *path;
		int err;

		if (nr == LINES_MAX) {
			maps->cut++;
			return 0;
		}
		if (!parse_line(line, &mapping, &path)) {
			maps->cut++;
			continue;
		}
		if (!mapping.ino && !mapping.executable)
			continue;
		mapping.deleted = strip_deleted(path);
		unescape(path);
		err = add(maps, &mapping, strip_root(path, root), &last);
		if (err)
			return err;
	}
	return more;
}

static int parse_all(struct maps **out, struct lines *lines, const char *root)
{
	struct maps *maps = calloc(1, sizeof(*maps));
	int err;

	if (maps)
		maps->names = grown(NULL, &maps->names_capacity, 1, 1);
	if (!maps || !maps->names) {
		maps_free(maps);
		return -ENOMEM;
	}
	maps->names[0] = '\0';
	maps->names_bytes = 1;
	err = parse(maps, lines, root);
	if (err) {
		maps_free(maps);
		return err;
	}
	*out = maps;
	return 0;
}

int maps_parse(struct maps **out, int fd, const char *root)
{
	struct lines *lines __freeing = calloc(1, sizeof(*lines));

	if (!lines)
		return -ENOMEM;
	lines->fd = fd;
	return parse_all(out, lines, root);
}

int maps_read(struct maps **out, const struct memory *target)
{
	struct lines *lines __freeing = calloc(1, sizeof(*lines));
	char *root __freeing = procfs_link(target->pid, "root"), *part __freeing = NULL;

	part = malloc(PART_BYTES);
	if (!lines || !part)
		return -ENOMEM;
	lines->fd = -1;
	lines->target = target;
	lines->part = part;
	return parse_all(out, lines, root ? root : "");
}

char *maps_exe(pid_t pid)
{
	char *exe __freeing = process_exe(pid), *root __freeing = procfs_link(pid, "root");

	return exe ? strdup(strip_root(exe, root ? root : "")) : NULL;
}

void maps_free(struct maps *maps)
{
	if (!maps)
		return;
	free(maps->v);
	free(maps->names);
	free(maps);
}

struct mapping *maps_find(struct maps *maps, uint64_t addr)
{
	size_t low = 0, high = maps->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (maps->v[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < maps->nr && maps->v[low].start <= addr ? &maps->v[low] : NULL;
}

const char *maps_path(const struct maps *maps, const struct mapping *mapping)
{
	return maps->names + mapping->path;
}

void maps_each(const struct maps *maps,
	       void (*fn)(void *context, const struct mapping *mapping, const char *path),
	       void *context)
{
	for (size_t i = 0; i < maps->nr; i++)
		fn(context, &maps->v[i], maps_path(maps, &maps->v[i]));
}

bool maps_same(const struct maps *maps, const struct maps *other)
{
	if (maps->nr != other->nr || maps->names_bytes != other->names_bytes ||
	    memcmp(maps->names, other->names, maps->names_bytes) != 0)
		return false;
	for (size_t i = 0; i < maps->nr; i++) {
		const struct mapping *a = &maps->v[i], *b = &other->v[i];

		if (a->start != b->start || a->end != b->end || a->offset != b->offset ||
		    a->ino != b->ino || a->dev != b->dev || a->path != b->path ||
		    a->executable != b->executable || a->deleted != b->deleted)
			return false;
	}
	return true;
}

size_t maps_count(const struct maps *maps)
{
	return maps->nr;
}

size_t maps_cut(const struct maps *maps)
{
	return maps->cut;
}

size_t maps_bytes(const struct maps *maps)
{
	return sizeof(*maps) + maps->capacity * sizeof(*maps->v) + maps->names_capacity;
}

int maps_open(const struct maps *maps, const struct mapping *mapping, const struct memory *target,
	      bool aside, struct file_opened *opened)
{
	const struct file_wanted wanted = {
		.pid = target->pid,
		.path = maps_path(maps, mapping),
		.start = mapping->start,
		.end = mapping->end,
		.ino = mapping->ino,
		.dev = mapping->dev,
		.aside = aside,
	};

	*opened = FILE_NOT_OPENED;
	return mapping->ino ? files_open(target->source, &wanted, opened) : -ENOENT;
}
