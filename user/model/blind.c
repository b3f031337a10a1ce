// SPDX-License-Identifier: GPL-2.0-or-later
/* blind.c - the table of what cannot be seen of a process: the key in JSON, and the words. */
#include "model/blind.h"

#include <string.h>

static const struct {
	const char *name;
	const char *words;
	const char *advice;
} spots[BLIND_NR] = {
	[BLIND_MEMORY_LATE] = { "memory_late", "whose memory came too late; native frames only",
				"its memory does not come in time (a file system or a "
				"userfaultfd does not answer), so it is not read any more; "
				"native frames only" },
	[BLIND_FILES_LATE] = { "files_late", "whose files or locks do not answer; left alone",
			       "who looks at its files or into /proc is held up (a file system "
			       "does not answer, or it keeps a lock), so it is not looked at any "
			       "more; names are missing, and maybe its loops are" },
	[BLIND_MEMORY_REFUSED] = { "memory_refused", "that may not be read; native frames only",
				   "its memory may not be read; native frames only; run as root, "
				   "or with CAP_SYS_PTRACE" },
	[BLIND_FILES_REFUSED] = { "files_refused", "with files that may not be read",
				  "its program or libraries may not be read, so names are missing, "
				  "and maybe its loops are; run as root, or with "
				  "CAP_DAC_READ_SEARCH" },
	[BLIND_INTERPRETER_UNKNOWN] = { "interpreter_unknown",
					"whose interpreter is unknown; native frames only",
					"its interpreter cannot be read; native frames only" },
	[BLIND_SHARE_USED_UP] = { "share_used_up", "with more loops than their share of slots",
				  "it has its share of the loops that can be watched at a time; "
				  "further ones are not; watch it alone: one -p, without -f" },
	[BLIND_SLOTS_USED_UP] = { "slots_used_up", "with more loops than there are slots",
				  "it has more loops than can be watched at a time; further ones "
				  "are not" },
	[BLIND_RECORDS_LOST] = { "records_lost", "whose records found no room",
				 "it blocks, or makes threads, faster than that can be kept: "
				 "stalls of it are missing, or what is said of them; watch it "
				 "alone with -p, or with a longer -t" },
};

const char *blind_name(enum blind blind)
{
	return spots[blind].name;
}

const char *blind_words(const char *name)
{
	for (int blind = 0; blind < BLIND_NR; blind++)
		if (!strcmp(spots[blind].name, name))
			return spots[blind].words;
	return name;
}

const char *blind_advice(enum blind blind)
{
	return spots[blind].advice;
}
