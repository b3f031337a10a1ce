// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * identity.c - a build id is only a word: a hostile file may give that of the C
 * library as its own, and would give its names to all others then. So what the
 * names are made from is looked at, too.
 */
#include "symbol/child/elf/identity.h"

#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "symbol/child/elf/debug_names.h"

#define BLOCK_BYTES  65536
#define READ_MAX     (48u << 20)
#define SECTIONS_MAX 4096

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

		if (pread(sum->fd, sum->block, want, (off_t)offset) != (ssize_t)want)
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

static bool is_counted(const GElf_Shdr *header)
{
	return header->sh_type == SHT_SYMTAB || header->sh_type == SHT_DYNSYM ||
	       header->sh_type == SHT_STRTAB || header->sh_type == SHT_NOTE;
}

static bool add_elf(struct sum *sum, Elf *elf)
{
	size_t nr_segments, nr_sections;
	Elf_Scn *section = NULL;
	struct debug_names names;
	GElf_Ehdr header;

	debug_names_read(&names, elf);
	if (!names.id.nr || !gelf_getehdr(elf, &header) || elf_getphdrnum(elf, &nr_segments) ||
	    elf_getshdrnum(elf, &nr_sections) || nr_segments > SECTIONS_MAX ||
	    nr_sections > SECTIONS_MAX)
		return false;
	if (!add_part(sum, 0, header.e_ehsize) ||
	    !add_part(sum, header.e_phoff, nr_segments * header.e_phentsize) ||
	    !add_part(sum, header.e_shoff, nr_sections * header.e_shentsize))
		return false;
	for (size_t i = 0; i < names.id.nr; i++)
		add_word(sum, names.id.bytes[i]);
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr part;

		if (!gelf_getshdr(section, &part))
			return false;
		if (is_counted(&part) && !add_part(sum, part.sh_offset, part.sh_size))
			return false;
	}
	return true;
}

uint64_t elf_identity(int fd, uint64_t secret)
{
	unsigned char *block __freeing = malloc(BLOCK_BYTES + 8);
	struct sum sum = { .fd = fd, .value = secret, .left = READ_MAX, .block = block };
	struct stat status;
	bool whole = false;
	Elf *elf = NULL;

	if (!block || fstat(fd, &status) || elf_version(EV_CURRENT) == EV_NONE)
		return 0;
	add_word(&sum, (uint64_t)status.st_size);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		whole = add_elf(&sum, elf);
	elf_end(elf);
	return whole && sum.value ? sum.value : 0;
}
