// SPDX-License-Identifier: GPL-2.0-or-later
/* user_of.c - whose a process is: who started it, and not who owns its files in /proc, which is root, if it likes. */
#include "base/user_of.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/process_file.h"
#include "base/read.h"

/* The users that one may be, by way of /etc/subuid, are one. */
#define SUBORDINATE_BITS 16

uint64_t user_of_process(pid_t pid)
{
	int file __closing = process_file_open(pid, "status", 0);
	char text[1024] = "", *line;
	uint64_t user;

	if (file < 0 || read_up_to(file, 0, text, sizeof(text) - 1) <= 0)
		return USER_UNKNOWN;
	line = strstr(text, "\nUid:\t");
	if (!line || sscanf(line, "\nUid: %" SCNu64, &user) != 1)
		return USER_UNKNOWN;
	return user >> SUBORDINATE_BITS ? user >> SUBORDINATE_BITS << 32 : user;
}
