/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * positions.h - the tables in which V8 keeps what code is of what source
 * (src/codegen/source-position-table.cc, src/baseline/bytecode-offset-iterator.h).
 * They are read from the target: anything may stand in them.
 */
#ifndef BLOCKPROF_RUNTIME_V8_POSITIONS_H
#define BLOCKPROF_RUNTIME_V8_POSITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes as they were read. */
struct v8_table {
	const unsigned char *bytes;
	size_t size;
};

struct v8_position {
	int32_t offset; /* in the script's source, in characters */
	int32_t inlining; /* which inlined call it is in; -1: none */
};

/*
 * The position of code at this offset. two_bits: the version says in two bits of
 * an entry, not in one, what kind it is. 0 or -ENOENT.
 */
int v8_position_find(const struct v8_table *table, bool two_bits, int32_t offset,
		     struct v8_position *out);
/* The same of one that stands by itself. */
int v8_position_decode(uint64_t raw, struct v8_position *out);

/* Sizes of the version's bytecodes (Bytecodes::kBytecodeSizes): for one, two and four byte operands. */
#define V8_BYTECODES_MAX 256
struct v8_bytecode_sizes {
	size_t nr;
	unsigned char sizes[3][V8_BYTECODES_MAX];
};

/*
 * Which bytecode baseline code at this offset is of. table says how long the
 * code of each bytecode is. 0 or -ENOENT.
 */
int v8_baseline_find(const struct v8_table *table, const struct v8_table *bytecodes,
		     const struct v8_bytecode_sizes *sizes, uint64_t offset,
		     int32_t *bytecode_offset);

#endif
