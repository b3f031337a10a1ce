/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel.h - the kernel's own functions, by a list in the format of /proc/kallsyms. */
#ifndef BLOCKPROF_SYMBOL_KERNEL_H
#define BLOCKPROF_SYMBOL_KERNEL_H

#include <stddef.h>
#include <stdint.h>

struct kernel_symbols;

/* 0 or -errno; -EACCES: the kernel hides the addresses. */
int kernel_symbols_read(struct kernel_symbols **out, const char *path);
void kernel_symbols_free(struct kernel_symbols *symbols);

struct kernel_symbol {
	const char *name; /* lives as long as the list, as module does */
	const char *module; /* "[name]", NULL: the kernel proper */
	uint64_t offset;
};

/* 0 or -ENOENT. */
int kernel_symbols_find(const struct kernel_symbols *symbols, uint64_t addr,
			struct kernel_symbol *out);
size_t kernel_symbols_count(const struct kernel_symbols *symbols);
size_t kernel_symbols_bytes(const struct kernel_symbols *symbols);

#endif
