/* SPDX-License-Identifier: GPL-2.0-or-later */
/* private.h - what the files that make up symbol.h share. */
#ifndef BLOCKPROF_SYMBOL_PRIVATE_H
#define BLOCKPROF_SYMBOL_PRIVATE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/files.h"
#include "base/memory.h"
#include "proc/maps.h"
#include "symbol/askers.h"
#include "symbol/client.h"
#include "symbol/files.h"
#include "symbol/maps_cache.h"
#include "symbol/place_cache.h"
#include "symbol/symbol.h"

#define SYMBOLS_NOTED 64

/* Processes, the latest of them, and how many were asked for. */
struct noted {
	pid_t v[SYMBOLS_NOTED];
	size_t nr, taken;
};

/* A few more times than once does no harm: who asks knows whom it has been told of. */
void note_process(struct noted *noted, pid_t pid);

#define LENT_STUCK_MAX 4

/* Files that the child was given and whose file system need not answer. */
struct lent {
	pid_t by; /* whose was the last one */
	dev_t dev; /* where it is */
	unsigned int seen; /* client_stuck() */
	dev_t stuck[LENT_STUCK_MAX]; /* where the child got stuck */
	size_t nr;
};

struct symbols {
	struct memory_source *memory;
	struct askers *askers;
	struct client *aside; /* is asked about files that may hang, and has them alone */
	struct client *client; /* of them all, who is asked now: symbols_ask_about() */
	struct maps_cache *spaces;
	struct files *files;
	struct place_cache *places;
	struct jit *jit;
	int vdso_fd; /* -1: there is none */
	struct kernel_symbols *kernel; /* NULL: not read yet, or hidden */
	bool kernel_asked;
	uint64_t secret; /* of this run, for REQUEST_IDENTITY */
	uint64_t files_refused;
	uint64_t lookups_failed;
	uint64_t lines_left_out;
	struct noted closed; /* with a file that we may not open */
	struct noted late; /* with one that the child got stuck in, or may not have any more */
	struct lent lent;
	char text[NAME_MAX + 32]; /* of the last name that had to be made up */
};

/* -- location.c: what an address lies in -- */

/* A user address, and what it was found in. */
struct location {
	pid_t pid;
	uint64_t addr;
	bool is_return;
	bool aside; /* the child aside is asked, whatever file it is in */
	struct maps *maps;
	struct mapping *mapping;
	struct file *file; /* NULL: not looked for, or none that can be read */
	struct file_opened opened; /* that file, if it had to be */
};

/* Closes its file when the variable goes out of scope. */
#define __closing_location __attribute__((cleanup(location_close)))
void location_close(struct location *location);

/* Its mapping is looked up; NULL: none. No file is looked for yet. */
struct location location_at(struct symbols *symbols, pid_t pid, uint64_t addr, bool is_return);
/* Of the start of a mapping that is known. */
struct location location_of(pid_t pid, struct maps *maps, struct mapping *mapping);
/* In the file that is mapped. */
uint64_t location_offset(const struct location *location);
/* Opens its file for reading. 0 or -errno; -EBUSY: not now. */
int location_open(struct symbols *symbols, struct location *location);
/*
 * Finds out which file it is in. That is left open where it was not known: the
 * child mostly needs it next. NULL: none that can be read, for which location_error()
 * is -ENOENT, or none now: -EBUSY.
 */
struct file *location_find_file(struct symbols *symbols, struct location *location);
int location_error(const struct location *location);
/* Is there a call before addr? By the target's memory: code made at run time is nowhere else. */
struct after_call {
	const struct mapping *mapping;
	uint64_t addr;
	bool is; /* also where that cannot be read */
};
#define AFTER_CALLS_MAX UNWIND_FRAMES_MAX
/* At most so many, in one question. */
void location_after_calls(const struct symbols *symbols, pid_t pid, struct after_call *v,
			  size_t nr);
bool location_after_call(const struct symbols *symbols, const struct location *location,
			 uint64_t addr);

/* -- lend.c: what the child may have of files that it can get stuck in -- */

/* Before a file that was opened is sent to the child: 0; -EIO: it got stuck in its file system. */
int lend_check(struct symbols *symbols, pid_t pid, struct file_opened *opened);
/* Has the child got stuck meanwhile? That is noted. */
void lend_note_stuck(struct symbols *symbols);

/* -- ask.c: how the child is asked -- */

/* The next questions are about this process. aside: and for the child that has what may hang. */
void symbols_ask_about(struct symbols *symbols, pid_t pid, bool aside);
/* client_ask(), and what became of an earlier question is noted. */
int ask_client(struct symbols *symbols, struct request *request, const struct file_opened *file,
	       struct answer *answer);
/*
 * Asks about the file that was found. 0; as client_ask() when there is no answer
 * now; -ENOENT: it cannot be opened any more, -EBUSY: not now; else the answer's own
 * error. What goes wrong is noted.
 */
int ask_about_file(struct symbols *symbols, struct location *location, struct request *request,
		   struct answer *answer);
/* Before an address is looked up: too many files are all forgotten, and those in use come back. */
void ask_renew_files(struct symbols *symbols);

/* -- blame.c: what is not asked about again -- */

/* A question of this kind about the file ended the child: how as client_ask() has it. */
void blame_file(struct symbols *symbols, struct file *file, uint32_t kind, int how);
void blame_refuse_file(struct symbols *symbols, struct file *file);
/* Only its call frame information, without which it can still be named. */
void blame_cfi(struct symbols *symbols, struct file *file, int how);
/* What became of an earlier question that was given up. */
void blame_ended(struct symbols *symbols);

/* -- lookup.c: what is known of a location -- */

/* Its functions, by what is known or by asking; false: nothing. */
bool lookup(struct symbols *symbols, struct location *location, bool with_lines,
	    struct place_info *out);
/* Sees to it that the child has the debug file of the file that was found, if there is one. */
void lookup_send_debug(struct symbols *symbols, struct location *location);

#endif
