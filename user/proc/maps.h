/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maps.h - /proc/PID/maps, read once: what a process has mapped where.
 *
 * Kept are mappings of files, and whatever is executable. A process can make
 * as many mappings, with as odd names, as it likes: lines and bytes are
 * bounded, and what does not fit is counted.
 */
#ifndef BLOCKPROF_PROC_MAPS_H
#define BLOCKPROF_PROC_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct file_opened;
struct maps;
struct memory;

struct mapping {
	uint64_t start;
	uint64_t end; /* first address behind it */
	uint64_t offset; /* of start, in the file */
	uint64_t ino; /* 0: no file */
	dev_t dev;
	uint32_t path; /* ask maps_path() */
	uint32_t tag; /* 0 at first; for whoever holds the maps */
	bool executable;
	bool deleted; /* the file's name is gone, or another file's by now */
};

/*
 * 0 or -errno: -ENOENT or -ESRCH when the process is gone, -ETIMEDOUT: they did not come in
 * time. Kernel threads and zombies have none.
 */
int maps_read(struct maps **out, const struct memory *target);
/*
 * The same from an open file in that format. root: what the target's root
 * directory is called in it (a chroot), "" or "/" when it is the same as ours.
 */
int maps_parse(struct maps **out, int fd, const char *root);
void maps_free(struct maps *maps);
/* The path of a process's executable, as maps_path() has it; the caller's, NULL: not known. */
char *maps_exe(pid_t pid);

/* The mapping at this address, or NULL. */
struct mapping *maps_find(struct maps *maps, uint64_t addr);
/*
 * Path as the target sees it, without " (deleted)"; "[vdso]" and the like; ""
 * for anonymous memory. Lives as long as the maps.
 */
const char *maps_path(const struct maps *maps, const struct mapping *mapping);
/* For each mapping that is kept, by address. path is as by maps_path(). */
void maps_each(const struct maps *maps,
	       void (*fn)(void *context, const struct mapping *mapping, const char *path),
	       void *context);
size_t maps_count(const struct maps *maps);
/* Nothing has changed between two readings of them; tags make no difference. */
bool maps_same(const struct maps *maps, const struct maps *other);
/* Lines that were not kept because of a limit, or made no sense. */
size_t maps_cut(const struct maps *maps);
/* Memory used. */
size_t maps_bytes(const struct maps *maps);

/*
 * Opens the very file that is mapped, for reading; the caller's; aside as in base/files.h. -errno: -ESTALE when the
 * path leads to another file by now, -EINVAL when it is no regular file.
 */
int maps_open(const struct maps *maps, const struct mapping *mapping, const struct memory *target,
	      bool aside, struct file_opened *opened);

#endif
