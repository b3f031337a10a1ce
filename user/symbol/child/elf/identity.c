// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * identity.c - a build id is only a claim: a hostile file may give that of the C
 * library as its own, and would give its names to all others then. So what the
 * names are made from is looked at, too.
 */
#include "symbol/child/elf/identity.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/read.h"
#include "symbol/child/elf/debug_names.h"

#define BLOCK_BYTES 65536
#define READ_MAX    (48u << 20)

struct sum {
	int fd;
	uint64_t value;
	uint64_t left; /* bytes that are still read */
	unsigned char *block;
};

static void add_word(struct sum *sum, uint64_t word)
{
	/* Of splitmix64. */
	sum->value = (sum->value ^ word) * 0xbf58476d1ce4e5b9ULL;
	sum->value ^= sum->value >> 29;
}

/* False: it cannot be read, or is too much. */
static bool add_part(struct sum *sum, uint64_t offset, uint64_t bytes)
{
	if (bytes > sum->left || offset > INT64_MAX - bytes)
		return false;
	sum->left -= bytes;
	add_word(sum, bytes);
	while (bytes) {
		size_t want = bytes < BLOCK_BYTES ? (size_t)bytes : BLOCK_BYTES;

		if (read_at(sum->fd, offset, sum->block, want))
			return false;
		memset(sum->block + want, 0, 8);
		for (size_t i = 0; i < want; i += 8) {
			uint64_t word;

			memcpy(&word, sum->block + i, sizeof(word));
			add_word(sum, word);
		}
		offset += want;
		bytes -= want;
	}
	return true;
}

static bool is_counted(const Elf64_Shdr *section)
{
	return section->sh_type == SHT_SYMTAB || section->sh_type == SHT_DYNSYM ||
	       section->sh_type == SHT_STRTAB || section->sh_type == SHT_NOTE;
}

static bool add_elf(struct sum *sum, const struct elf_headers *headers)
{
	const Elf64_Ehdr *header = &headers->header;
	struct debug_names names;

	debug_names_read(&names, headers);
	if (!names.id.nr || !add_part(sum, 0, header->e_ehsize) ||
	    !add_part(sum, header->e_phoff, headers->nr_segments * header->e_phentsize) ||
	    !add_part(sum, header->e_shoff, headers->nr_sections * header->e_shentsize))
		return false;
	for (size_t i = 0; i < names.id.nr; i++)
		add_word(sum, names.id.bytes[i]);
	for (size_t i = 1; i < headers->nr_sections; i++) {
		const Elf64_Shdr *part = &headers->sections[i];

		if (is_counted(part) && !add_part(sum, part->sh_offset, part->sh_size))
			return false;
	}
	return true;
}

uint64_t elf_identity(int fd, uint64_t secret)
{
	struct elf_headers headers
		__attribute__((cleanup(elf_headers_free))) = { .nr_segments = 0 };
	unsigned char *block __freeing = malloc(BLOCK_BYTES + 8);
	struct sum sum = { .fd = fd, .value = secret, .left = READ_MAX, .block = block };
	struct elf_source source = { .fd = fd };
	struct stat status;

	if (!block || fstat(fd, &status) || elf_headers_read(&headers, &source) ||
	    elf_headers_read_sections(&headers))
		return 0;
	add_word(&sum, (uint64_t)status.st_size);
	return add_elf(&sum, &headers) ? sum.value : 0;
}
