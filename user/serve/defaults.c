// SPDX-License-Identifier: GPL-2.0-or-later
/* defaults.c - how a line VARIABLE="value" is split into words, as a shell would. */
#include "serve/defaults.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define VARIABLE  "BLOCKPROF_OPTIONS"
#define BYTES_MAX 65536
#define WORDS_MAX 1000

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/*
 * Takes the quotes of a word away, as a shell does, in place; *text moves on
 * behind the word. -EINVAL: a quote is not closed.
 */
static int unquote(char **text)
{
	char *in = *text, *out = *text, quote = 0;

	for (; *in && (quote || !is_blank(*in)); in++) {
		if (quote && *in == quote) {
			quote = 0;
		} else if (!quote && (*in == '"' || *in == '\'')) {
			quote = *in;
		} else if (*in == '\\' && quote != '\'' && in[1] &&
			   (!quote || strchr("\\\"$`", in[1]))) {
			*out++ = *++in;
		} else {
			*out++ = *in;
		}
	}
	if (quote)
		return -EINVAL;
	*text = *in ? in + 1 : in;
	*out = '\0';
	return 0;
}

static int split(char *text, struct defaults *out)
{
	int err = 0;

	while (!err) {
		char **grown, *word;

		while (is_blank(*text))
			text++;
		if (!*text)
			break;
		word = text;
		err = out->nr == WORDS_MAX ? -EFBIG : unquote(&text);
		if (err)
			break;
		grown = realloc(out->words, (out->nr + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		out->words = grown;
		out->words[out->nr] = strdup(word);
		if (!out->words[out->nr])
			return -ENOMEM;
		out->nr++;
	}
	return err;
}

static void free_words(struct defaults *defaults)
{
	for (size_t i = 0; i < defaults->nr; i++)
		free(defaults->words[i]);
	free(defaults->words);
	defaults->words = NULL;
	defaults->nr = 0;
}

/* NAME=VALUE; the last assignment counts. */
static int read_line(char *line, struct defaults *out)
{
	size_t length;
	char *rest;

	while (is_blank(*line))
		line++;
	if (!*line || *line == '#')
		return 0;
	if (!strncmp(line, "export ", 7))
		line += 7;
	length = strcspn(line, "=");
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)line[i]) && line[i] != '_')
			return -EINVAL;
	if (!length || line[length] != '=')
		return -EINVAL;
	if (length != strlen(VARIABLE) || strncmp(line, VARIABLE, length) != 0)
		return 0;
	rest = line + length + 1;
	line = rest;
	if (unquote(&rest))
		return -EINVAL;
	while (is_blank(*rest))
		rest++;
	if (*rest && *rest != '#')
		return -EINVAL;
	free_words(out);
	return split(line, out);
}

static int read_lines(char *text, struct defaults *out)
{
	char *line;
	int err = 0;

	while (!err && (line = strsep(&text, "\n"))) {
		out->line++;
		err = read_line(line, out);
	}
	return err;
}

/* The whole file as a text that the caller frees. 0 or -errno. */
static int read_file(const char *path, char **text)
{
	int fd __closing = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t used = 0;
	ssize_t got = 1;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOTSUP;
	*text = malloc(BYTES_MAX + 1);
	if (!*text)
		return -ENOMEM;
	while (got > 0 && used <= BYTES_MAX) {
		got = read(fd, *text + used, BYTES_MAX + 1 - used);
		if (got < 0 && errno != EINTR)
			return -errno;
		used += got > 0 ? (size_t)got : 0;
	}
	if (used > BYTES_MAX)
		return -EFBIG;
	(*text)[used] = '\0';
	return 0;
}

int defaults_read(const char *path, struct defaults *out)
{
	__freeing char *text = NULL;
	int err = read_file(path, &text);

	*out = (struct defaults){ 0 };
	if (err)
		return err == -ENOENT ? 0 : err;
	err = read_lines(text, out);
	if (err)
		free_words(out);
	return err;
}

void defaults_free(struct defaults *defaults)
{
	free_words(defaults);
}
