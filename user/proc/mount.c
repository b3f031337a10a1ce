// SPDX-License-Identifier: GPL-2.0-or-later
/* mount.c - the lines of mountinfo(5), as proc_pid_mountinfo(5) describes them. */
#include "proc/mount.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/process_file.h"

#define LINE_BYTES  8192 /* a longer one is passed over */
#define LINES_MAX   65536
#define FIELDS	    6 /* before the optional ones */
#define MOUNT_POINT 4

/* "\040" and the like stand for characters that part fields. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++, to++) {
		*to = *from;
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 3;
		}
	}
	*to = '\0';
}

struct line {
	uint32_t dev;
	const char *point;
	const char *type;
	const char *source;
	char *options; /* of the file system */
};

/* false: not as it should be. */
static bool parse(char *text, struct line *out)
{
	char *fields[FIELDS], *rest = text, *word;
	unsigned int major, minor;

	text[strcspn(text, "\n")] = '\0';
	for (int i = 0; i < FIELDS; i++) {
		fields[i] = strsep(&rest, " ");
		if (!rest)
			return false;
	}
	if (sscanf(fields[2], "%u:%u", &major, &minor) != 2)
		return false;
	do {
		word = strsep(&rest, " ");
	} while (word && strcmp(word, "-") != 0);
	if (!word || !rest)
		return false;
	out->dev = major << 20 | (minor & 0xfffff);
	unescape(fields[MOUNT_POINT]);
	out->point = fields[MOUNT_POINT];
	out->type = strsep(&rest, " ");
	word = rest ? strsep(&rest, " ") : NULL;
	if (!word)
		return false;
	unescape(word);
	out->source = word;
	out->options = rest;
	return true;
}

/* How much of the path is the mount's: its length; -1: it is not below it. */
static int covers(const char *point, const char *path)
{
	size_t len = strlen(point);

	if (len == 1)
		return path[0] == '/' ? 1 : -1;
	if (strncmp(point, path, len) != 0 || (path[len] && path[len] != '/'))
		return -1;
	return (int)len;
}

static const char *address_in(char *options)
{
	char *rest = options, *option;

	while ((option = strsep(&rest, ",")))
		if (!strncmp(option, "addr=", strlen("addr=")))
			return option + strlen("addr=");
	return NULL;
}

static void take(struct line *line, struct mount *out)
{
	const char *address = line->options ? address_in(line->options) : NULL;

	out->dev = line->dev;
	snprintf(out->type, sizeof(out->type), "%s", line->type);
	snprintf(out->server, sizeof(out->server), "%s", address ? address : line->source);
}

int mount_find(pid_t pid, uint32_t dev, const char *path, struct mount *out)
{
	char *text __freeing = malloc(LINE_BYTES);
	bool whole = true; /* what is read next begins a line */
	FILE *file;
	int best = -1, err = process_file_stream(pid, "mountinfo", &file);

	if (err)
		return err;
	for (int i = 0; text && i < LINES_MAX && fgets(text, LINE_BYTES, file); i++) {
		bool begins = whole;
		struct line line;
		int length;

		whole = strchr(text, '\n') != NULL;
		if (!begins || !whole || !parse(text, &line))
			continue;
		if (dev && line.dev != dev)
			continue;
		length = dev ? 0 : covers(line.point, path);
		/* of two at the same place the later one is on top */
		if (length < best || length < 0)
			continue;
		best = length;
		take(&line, out);
		if (dev)
			break;
	}
	fclose(file);
	return best < 0 ? -ENOENT : 0;
}
