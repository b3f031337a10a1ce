// SPDX-License-Identifier: GPL-2.0-or-later
/* token.c - how a token is made, and which files are none. */
#include "web/token.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/read.h"

#define NAME	    "token"
#define MIN_LENGTH  16
#define RANDOM	    32
#define FILE_MODE   0640
#define READ_FLAGS  (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
#define WRITE_FLAGS (O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC)

static bool is_visible(const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return true;
}

int token_read(const char *path, char token[WEB_TOKEN_BYTES])
{
	char text[WEB_TOKEN_BYTES + 1] = "";
	int fd __closing = open(path, READ_FLAGS);
	struct stat status;
	size_t length;
	ssize_t got;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) || !S_ISREG(status.st_mode))
		return -EINVAL;
	got = read_up_to(fd, 0, text, sizeof(text) - 1);
	if (got < 0)
		return (int)got;
	length = strcspn(text, "\r\n");
	if (length < MIN_LENGTH || length >= WEB_TOKEN_BYTES || !is_visible(text, length))
		return -EINVAL;
	/* what is behind it is compared, too */
	memset(token, 0, WEB_TOKEN_BYTES);
	memcpy(token, text, length);
	return 0;
}

static int make(const char *path)
{
	unsigned char random[RANDOM];
	char text[2 * RANDOM + 2], made[PATH_MAX];
	int fd __closing = -1;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	for (size_t i = 0; i < RANDOM; i++)
		snprintf(text + 2 * i, 3, "%02x", random[i]);
	memcpy(text + 2 * RANDOM, "\n", 2);
	if (snprintf(made, sizeof(made), "%s.new", path) >= (int)sizeof(made))
		return -ENAMETOOLONG;
	fd = open(made, WRITE_FLAGS, FILE_MODE);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fsync(fd) ||
	    rename(made, path)) {
		int err = errno ? -errno : -EIO;

		unlink(made);
		return err;
	}
	return 0;
}

int token_of(const char *directory, char token[WEB_TOKEN_BYTES])
{
	char path[PATH_MAX];
	int err;

	if (snprintf(path, sizeof(path), "%s/" NAME, directory) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	err = token_read(path, token);
	if (err != -ENOENT)
		return err;
	err = make(path);
	return err ? err : token_read(path, token);
}
