// SPDX-License-Identifier: GPL-2.0-or-later
/* recording.c - how a recording is cut into lines, and what becomes of a damaged end. */
#include "recording/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/timestamp.h"
#include "recording/decode.h"

#define MAX_LINE_BYTES (4u * 1024 * 1024)
#define READ_BYTES     (64u * 1024)

struct lines {
	gzFile file;
	char *buffer; /* MAX_LINE_BYTES */
	size_t used;
	bool enough; /* the reader wants no more */
	bool skipping; /* the rest of a line that was too long, and has been counted */
	const struct recording_reader *reader;
	struct recording_result *result;
	uint64_t *end_ns; /* instead of a reader: only moments are looked for */
};

static bool is_blank(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!memchr(" \t\r\n", line[i], 4))
			return false;
	return true;
}

/* A quote inside of a string has a backslash before it, so that this is the key. */
static void note_moment(struct lines *lines, const char *line, size_t length)
{
	static const char key[] = "\"time\":\"";
	const char *found = memmem(line, length, key, sizeof(key) - 1);
	char text[TIMESTAMP_BYTES] = { 0 };
	uint64_t time_ns;
	size_t room;

	if (!found)
		return;
	found += sizeof(key) - 1;
	room = (size_t)(line + length - found);
	memcpy(text, found, room < sizeof(text) - 1 ? room : sizeof(text) - 1);
	text[strcspn(text, "\"")] = '\0';
	if (!timestamp_parse(text, &time_ns) && time_ns > *lines->end_ns)
		*lines->end_ns = time_ns;
}

/* 0 or -ENOMEM: a line that is no record is counted. */
static int read_line(struct lines *lines, const char *line, size_t length)
{
	json_t *object;
	int err;

	if (lines->end_ns)
		note_moment(lines, line, length);
	if (lines->end_ns || is_blank(line, length))
		return 0;
	object = json_loadb(line, length, 0, NULL);
	err = object ? decode_record(object, lines->reader) : -EBADMSG;
	json_decref(object);
	if (!err)
		lines->result->lines++;
	else if (err == -ENOTSUP)
		lines->result->unknown_lines++;
	else if (err == -EBADMSG)
		lines->result->bad_lines++;
	lines->enough = recording_is_enough(lines->reader);
	return err == -ENOMEM ? err : 0;
}

/* Reads the whole lines in the buffer and keeps what follows the last of them. */
static int read_buffered(struct lines *lines, size_t searched)
{
	char *start = lines->buffer, *end = lines->buffer + lines->used;
	char *newline = memchr(start + searched, '\n', lines->used - searched);
	int err = 0;

	while (newline && !err && !lines->enough) {
		if (!lines->skipping)
			err = read_line(lines, start, (size_t)(newline - start));
		lines->skipping = false;
		start = newline + 1;
		newline = memchr(start, '\n', (size_t)(end - start));
	}
	lines->used = (size_t)(end - start);
	memmove(lines->buffer, start, lines->used);
	if (lines->used == MAX_LINE_BYTES) {
		lines->result->bad_lines += !lines->skipping;
		lines->skipping = true;
	}
	if (lines->skipping)
		lines->used = 0;
	return err;
}

/* After gzread() failed. */
static int read_error(struct lines *lines)
{
	int error = errno, zlib_error = Z_OK;

	gzerror(lines->file, &zlib_error);
	if (zlib_error == Z_ERRNO)
		return -error;
	return zlib_error == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
}

static int read_lines(struct lines *lines)
{
	int err = 0, got = 1;

	while (got > 0 && !err && !lines->enough) {
		size_t room = MAX_LINE_BYTES - lines->used, searched = lines->used;

		errno = 0;
		got = gzread(lines->file, lines->buffer + lines->used,
			     (unsigned int)(room < READ_BYTES ? room : READ_BYTES));
		if (got < 0)
			return read_error(lines);
		if (got > 0) {
			lines->used += (size_t)got;
			err = read_buffered(lines, searched);
		}
	}
	/*
	 * A last line without its end, or gzip without its own (of which zlib.h says that gzread()
	 * gives what there is): what a killed writer leaves. It may be whole but for the newline.
	 */
	if (!err && lines->used && !lines->skipping && !lines->enough)
		err = read_line(lines, lines->buffer, lines->used);
	return err;
}

static int open_file(const char *path, gzFile *out)
{
	int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
					: open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	*out = gzdopen(fd, "rb");
	if (!*out) {
		close(fd);
		return -ENOMEM;
	}
	return 0;
}

static int read_file(const char *path, struct lines *lines)
{
	int err = open_file(path, &lines->file);

	if (err)
		return err;
	lines->buffer = malloc(MAX_LINE_BYTES);
	err = lines->buffer ? read_lines(lines) : -ENOMEM;
	free(lines->buffer);
	gzclose(lines->file);
	return err;
}

int recording_read(const char *path, const struct recording_reader *reader,
		   struct recording_result *result)
{
	struct lines lines = { .reader = reader, .result = result };

	*result = (struct recording_result){ 0 };
	return read_file(path, &lines);
}

int recording_end(const char *path, uint64_t *end_ns)
{
	struct recording_result unused = { 0 };
	struct lines lines = { .end_ns = end_ns, .result = &unused };

	return read_file(path, &lines);
}
