// SPDX-License-Identifier: GPL-2.0-or-later
/* proof.c - the lines of fdinfo: proc_pid_fdinfo(5), and of /dev/fuse in newer kernels. */
#include "proc/peer/proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc/procfs.h"

#define TEXT_BYTES 16384 /* a scanner with more marks than fit is judged by those that do */

/* FAN_OPEN_PERM, FAN_ACCESS_PERM, FAN_OPEN_EXEC_PERM, FAN_PRE_ACCESS */
#define PERMISSIONS 0x170000ul

static bool fuse_fits(const char *text, uint32_t dev, bool *certain)
{
	static const char key[] = "\nfuse_connection:\t";
	const char *line = strstr(text, key);

	*certain = line != NULL;
	return !line || strtoul(line + strlen(key), NULL, 10) == dev;
}

static unsigned long hex_after(const char *line, const char *key, unsigned long otherwise)
{
	const char *at = strstr(line, key);

	return at ? strtoul(at + strlen(key), NULL, 16) : otherwise;
}

/* Marks of inodes and of file systems say which one; those of a mount do not. */
static bool scanner_fits(char *text, uint32_t dev, bool *certain)
{
	bool fits = false;
	char *rest = text, *line;

	*certain = false;
	while ((line = strsep(&rest, "\n"))) {
		unsigned long its_dev;

		if (strncmp(line, "fanotify ", strlen("fanotify ")) != 0 ||
		    !(hex_after(line, " mask:", 0) & PERMISSIONS))
			continue;
		its_dev = hex_after(line, " sdev:", 0);
		if (its_dev && dev && its_dev != dev)
			continue;
		fits = true;
		*certain |= its_dev && its_dev == dev;
	}
	return fits;
}

/*
 * "lock:	1: OFDLCK  ADVISORY  WRITE -1 fe:00:123 0 EOF": locks of this descriptor, and of
 * the process, which does not get into its own way by these.
 */
static bool lock_fits(char *text, const struct proof *proof, pid_t pid, bool *certain)
{
	char *rest = text, *line;
	char file[48];

	snprintf(file, sizeof(file), " %02x:%02x:%llu ", proof->dev >> 20, proof->dev & 0xfffff,
		 (unsigned long long)proof->ino);
	*certain = true;
	while ((line = strsep(&rest, "\n")))
		if (!strncmp(line, "lock:", strlen("lock:")) && strstr(line, file) &&
		    (pid != proof->asker || !strstr(line, " POSIX ")))
			return true;
	return false;
}

bool proof_holds(const struct proof *proof, pid_t pid, int fd, bool *certain)
{
	char name[32], text[TEXT_BYTES];

	*certain = true;
	if (proof->kind == PROOF_NONE)
		return true;
	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	if (procfs_read(pid, name, text, sizeof(text)) < 0)
		return false;
	switch (proof->kind) {
	case PROOF_FUSE:
		return fuse_fits(text, proof->dev, certain);
	case PROOF_SCANNER:
		return scanner_fits(text, proof->dev, certain);
	default:
		return lock_fits(text, proof, pid, certain);
	}
}
