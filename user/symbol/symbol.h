/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * symbol.h - addresses to names.
 *
 * Targets' files are parsed by a child process without privileges, which gets
 * open descriptors only. Whatever goes wrong with it costs names, never the
 * watch: frames then read module+0xoffset.
 */
#ifndef BLOCKPROF_SYMBOL_SYMBOL_H
#define BLOCKPROF_SYMBOL_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/meanwhile.h"
#include "base/zygote.h"
#include "symbol/wire/native_frame.h"

struct memory_source;
struct precedence;
struct symbols;

/*
 * 0 or -errno. child: what it does from its start on, with its end of the socket and maybe
 * files_receiver(): symbolizer_main() of symbol/child/. memory: where targets' memory comes
 * from, and who forks the child; it outlives symbols.
 * Starts the child; without one (limits, seccomp missing) only
 * module+offset is given. The child ends with the thread that calls this, or
 * that makes a call below when it has to be started again.
 */
int symbols_new(struct symbols **out, zygote_child_fn *child, struct memory_source *memory);
void symbols_free(struct symbols *symbols);

/*
 * What is to be done every few milliseconds while one of the calls below waits
 * for the child, which is then for a second at the most, and half of the time of
 * many calls; else for two seconds.
 */
void symbols_meanwhile(struct symbols *symbols, struct meanwhile meanwhile);

/* Whose the child shares, as it is waited for; it outlives symbols. */
void symbols_precedence(struct symbols *symbols, struct precedence *precedence);

/* A function and the place in it. */
struct symbol_line {
	const char *fn;
	const char *file; /* as the compiler recorded it; NULL: not known */
	unsigned int line; /* 0: not known */
};

/* A frame's name. Strings stay valid until the next call into symbols. */
struct symbol {
	const char *fn; /* "name", "module+0xoffset", or "[unknown]"; never NULL */
	const char *module; /* path as the target sees it, NULL: none */
	const char *file; /* as the compiler recorded it, NULL: not known */
	unsigned int line; /* of fn: of the address, or of the outermost call inlined there; or 0 */
	const struct symbol_line *inlined; /* what the compiler inlined there, innermost first */
	size_t nr_inlined;
	int in_text; /* the address lies in an executable mapping */
	int after_call; /* the bytes before it are a call: it can be a return address */
	int jit; /* code made at run time, and fn is what its maker calls it: jit_frame.h */
	uint64_t offset; /* from the symbol's start, 0 when fn is no symbol */
	const char *build_id; /* of the file, hexadecimal; NULL: not known */
	/* In the file, of the address, or the end of the call before it; 0: it is in none. */
	uint64_t file_offset;
};

/* is_return, too: where calls lead to it, as unwinding has shown. Whether a call is before it is not looked at. */
#define SYMBOL_UNWOUND 2

/*
 * A user address of process pid. Maps are cached by (pid, start time) and read
 * again when an address is in none of them; symbols_forget() on exec and exit.
 * is_return: the address is a return address: the call before it is meant.
 * 0, or -ENOENT when it lies in no mapping; *out is filled in any case.
 */
int symbols_user(struct symbols *symbols, pid_t pid, uint64_t addr, int is_return,
		 struct symbol *out);
/* The same by symbols alone: no line, and nothing that is inlined there, but no debug information is read. */
int symbols_function(struct symbols *symbols, pid_t pid, uint64_t addr, int is_return,
		     struct symbol *out);
/* The same without the function's name, at little cost: no file is read. */
int symbols_place(struct symbols *symbols, pid_t pid, uint64_t addr, int is_return,
		  struct symbol *out);
void symbols_forget(struct symbols *symbols, pid_t pid);

struct bp_stack_copy;

/*
 * The native frames of a thread of process pid, innermost first, from its
 * registers and the copy of its stack: at most max. *flags: enum unwind_flags, 0: they
 * go up to the outermost. How many, or -errno: it could not be tried (-ENOTCONN:
 * there is no symbolizer now; -EAGAIN: it is late, and its answer is not waited for;
 * -ENOENT: the process's maps cannot be read).
 */
int symbols_unwind(struct symbols *symbols, pid_t pid, const struct bp_stack_copy *copy,
		   struct native_frame *frames, size_t max, unsigned int *flags);

/* A kernel address, by /proc/kallsyms. Never fails: "[unknown]" when hidden. */
void symbols_kernel(struct symbols *symbols, uint64_t addr, struct symbol *out);

/* The path mapped at a user address (for page faults), NULL: none. Valid until the next call. */
const char *symbols_mapped_path(struct symbols *symbols, pid_t pid, uint64_t addr);

/* Names that are asked for together, always the same ones of a file: the answer is kept by file. */
struct symbols_names {
	const char *const *v;
	size_t nr;
};

/*
 * Which functions of these names (up to 64; a section's begins with a dot) the
 * file mapped at addr has: bit i for names->v[i]. 0 or -errno: it cannot be read;
 * -EBUSY, as of the questions that follow: not now.
 */
int symbols_defined(struct symbols *symbols, pid_t pid, uint64_t addr,
		    const struct symbols_names *names, uint64_t *defined);
/*
 * The version that stands as text in the file mapped at addr: a word behind another
 * text that begins with a digit. The answer is kept by file: before stays where it is
 * for good. 0 or -errno.
 */
int symbols_version(struct symbols *symbols, pid_t pid, uint64_t addr, const char *before,
		    char *version, size_t size);

struct maps;
struct mapping;

/* A mapping of code of a process. */
struct symbols_mapped {
	pid_t pid;
	struct maps *maps;
	struct mapping *mapping; /* its tag is changed */
};

/*
 * Addresses in the process of what has these names (up to 8; a section's begins
 * with a dot) in the file of that mapping, 0: there is none. Symbols are
 * known of a file that has one of the sections; with local of any file, also those
 * that are not exported where nothing else is there. 0; -ENOENT: no file that can be
 * read, or no ELF file; -EBUSY: there is no answer now; other -errno: it cannot be
 * looked into.
 */
int symbols_addresses(struct symbols *symbols, const struct symbols_mapped *mapped, bool local,
		      const struct symbols_names *names, uint64_t *addresses);

/* A variable of a file. */
struct symbols_object {
	const char *name;
	void *bytes; /* where its first bytes go, as the file has them */
	size_t size; /* at most so many */
	size_t nr; /* so many there were; 0: there is no such variable */
};

/*
 * The contents of variables of the file mapped at addr, of those that it exports
 * or, with local, all that it names: that takes long. 0 or -errno.
 */
int symbols_objects(struct symbols *symbols, pid_t pid, uint64_t addr, bool local,
		    struct symbols_object *objects, size_t nr);

struct symbols_counts {
	uint64_t child_restarts;
	uint64_t files_refused; /* not tried again: too large, malformed, killed the child */
	uint64_t lookups_failed; /* frames that stayed module+offset because of the child */
	uint64_t
		lines_left_out; /* places whose debug information was too much, damaged or elsewhere */
	uint64_t maps_cut; /* lines of processes' maps left out: too many, or malformed */
	uint64_t perf_maps_refused; /* not the process's own, or no regular file */
	uint64_t perf_map_lines_cut; /* left out: too many, or malformed */
};

/* The next process of which a file may not be opened; 0: none. */
pid_t symbols_next_closed(struct symbols *symbols);
/* Is it one of the last such processes? */
bool symbols_is_closed(const struct symbols *symbols, pid_t pid);
/* The same for files that the child got stuck in, or would. */
pid_t symbols_next_late(struct symbols *symbols);
bool symbols_is_late(struct symbols *symbols, pid_t pid);
void symbols_counts(const struct symbols *symbols, struct symbols_counts *out);

#endif
