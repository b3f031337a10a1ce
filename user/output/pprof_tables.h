/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pprof_tables.h - the tables of a pprof file: strings, mappings, functions,
 * locations. What is new gets the next number, from 1 on, in the order in which
 * the tables are written, as Parca wants it.
 */
#ifndef BLOCKPROF_OUTPUT_PPROF_TABLES_H
#define BLOCKPROF_OUTPUT_PPROF_TABLES_H

#include "output/profile.h"
#include "pprof.pb-c.h"

struct pprof_tables;

int pprof_tables_new(struct pprof_tables **out, const struct profile *profile);
void pprof_tables_free(struct pprof_tables *tables);

/* Foreign bytes or our own words; NULL is the empty one. All give 0 or -errno. */
int pprof_string(struct pprof_tables *tables, const char *text, int64_t *number);
/* That of the profile with this number. */
int pprof_profile_string(struct pprof_tables *tables, uint32_t string, int64_t *number);
/* Frames of the profile, innermost first: one in the code, and before it what was inlined there. */
int pprof_location(struct pprof_tables *tables, const uint32_t *frames, size_t nr, uint64_t *id);
/* A frame of blockprof's own: "[cut]". */
int pprof_own_location(struct pprof_tables *tables, const char *name, uint64_t *id);
/* The first mapping, by whose name the profile is called. */
int pprof_main_mapping(struct pprof_tables *tables, const char *path);

/* Each message by write(), which is given parts of the profile. */
typedef void pprof_part(void *context, const Pprof__Profile *part);
int pprof_tables_write(struct pprof_tables *tables, pprof_part *write, void *context);

#endif
