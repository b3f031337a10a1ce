// SPDX-License-Identifier: GPL-2.0-or-later
/* The place in our own source would be taken for that of the stall. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include "serve/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "serve/entry.h"

bool journal_has_stderr(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       !fstat(STDERR_FILENO, &st) && st.st_dev == device && st.st_ino == inode;
}

int journal_stall(const struct stall_record *stall)
{
	struct process_cgroup cgroup = { 0 };
	struct entry entry;
	int err;

	/* gone with its process: then the entry has no unit */
	if (process_cgroup(stall->id.pid, &cgroup))
		cgroup = (struct process_cgroup){ 0 };
	err = entry_of_stall(&entry, stall, &cgroup);
	if (!err) {
		err = sd_journal_sendv(entry.fields, entry.nr);
		entry_free(&entry);
	}
	process_cgroup_free(&cgroup);
	return err;
}
