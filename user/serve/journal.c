// SPDX-License-Identifier: GPL-2.0-or-later
/* journal.c - how an entry gets to the systemd journal. */

/* else our own file and line would be taken for those of the stall */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include "serve/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "proc/process.h"
#include "serve/entry.h"

bool journal_has_stderr(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       !fstat(STDERR_FILENO, &st) && st.st_dev == device && st.st_ino == inode;
}

/* Empty when the process has ended: then the entry has no unit. */
static struct process_cgroup cgroup_of(pid_t pid)
{
	struct process_cgroup cgroup = { 0 };

	return process_cgroup(pid, &cgroup) ? (struct process_cgroup){ 0 } : cgroup;
}

void journal_unit(pid_t pid, char unit[MINUTE_UNIT_BYTES])
{
	struct process_cgroup cgroup = cgroup_of(pid);
	const char *name = cgroup.unit ? cgroup.unit : cgroup.container;

	snprintf(unit, MINUTE_UNIT_BYTES, "%s", name ? name : cgroup.path ? cgroup.path : "");
	process_cgroup_free(&cgroup);
}

/* known: from the loops that it has; NULL: it has none. */
static struct home home_of(const struct home *known, const struct process_cgroup *cgroup)
{
	return known ? *known
		     : (struct home){ .unit = cgroup->unit, .container = cgroup->container };
}

/* Sends the entry, unless making it failed (err). Frees what entry and cgroup own. */
static int send(struct entry *entry, struct process_cgroup *cgroup, int err)
{
	if (!err) {
		err = sd_journal_sendv(entry->fields, entry->nr);
		entry_free(entry);
	}
	process_cgroup_free(cgroup);
	return err;
}

int journal_stall(const struct stall_record *stall)
{
	struct process_cgroup cgroup = cgroup_of(stall->id.pid);
	const struct home home = home_of(stall->home, &cgroup);
	struct entry entry;
	int err = entry_of_stall(&entry, stall, &home);

	return send(&entry, &cgroup, err);
}

int journal_note(const struct note_record *note, const struct home *known)
{
	struct process_cgroup cgroup = cgroup_of(note->pid);
	const struct home home = home_of(known, &cgroup);
	struct entry entry;
	int err = entry_of_note(&entry, note, &home);

	return send(&entry, &cgroup, err);
}
