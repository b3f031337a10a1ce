// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbol/child/elf/objects.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#define SECTIONS_MAX   65536
#define CHAIN_MAX      4096 /* symbols of one bucket */
#define SYMBOLS_MAX    (4u << 20)
#define SYMBOLS_AT_ONE 4096
#define NAME_BYTES_MAX 256

struct tables {
	int fd;
	Elf *elf;
	GElf_Shdr hash, dynamic, dynamic_names, symbols, symbol_names;
	bool has_hash, has_symbols;
};

static bool read_at(int fd, uint64_t offset, void *buf, size_t size)
{
	return offset <= INT64_MAX - size && pread(fd, buf, size, (off_t)offset) == (ssize_t)size;
}

static bool linked(Elf *elf, const GElf_Shdr *header, GElf_Shdr *to)
{
	Elf_Scn *section = elf_getscn(elf, header->sh_link);

	return section && gelf_getshdr(section, to) && to->sh_type != SHT_NOBITS;
}

static void find_tables(struct tables *tables)
{
	size_t nr = 0;

	if (elf_getshdrnum(tables->elf, &nr) || nr > SECTIONS_MAX)
		return;
	for (size_t i = 1; i < nr; i++) {
		Elf_Scn *section = elf_getscn(tables->elf, i);
		GElf_Shdr header;

		if (!section || !gelf_getshdr(section, &header) || header.sh_flags & SHF_COMPRESSED)
			continue;
		if (header.sh_type == SHT_GNU_HASH && !tables->has_hash) {
			tables->hash = header;
			tables->has_hash =
				linked(tables->elf, &header, &tables->dynamic) &&
				linked(tables->elf, &tables->dynamic, &tables->dynamic_names);
		}
		if (header.sh_type == SHT_SYMTAB && !tables->has_symbols) {
			tables->symbols = header;
			tables->has_symbols = linked(tables->elf, &header, &tables->symbol_names);
		}
	}
}

static bool name_is(const struct tables *tables, const GElf_Shdr *names, uint32_t at,
		    const char *name)
{
	size_t bytes = strlen(name) + 1;
	char its[NAME_BYTES_MAX];

	return bytes <= sizeof(its) && at < names->sh_size && bytes <= names->sh_size - at &&
	       read_at(tables->fd, names->sh_offset + at, its, bytes) && !memcmp(its, name, bytes);
}

/* The bytes that a loaded segment has at this address. */
static void read_contents(const struct tables *tables, const Elf64_Sym *symbol,
			  struct object *object)
{
	uint64_t want = symbol->st_size < OBJECT_BYTES_MAX ? symbol->st_size : OBJECT_BYTES_MAX;
	size_t nr;

	if (elf_getphdrnum(tables->elf, &nr))
		return;
	for (size_t i = 0; i < nr && i < SECTIONS_MAX; i++) {
		GElf_Phdr segment;

		if (!gelf_getphdr(tables->elf, (int)i, &segment) || segment.p_type != PT_LOAD ||
		    symbol->st_value < segment.p_vaddr ||
		    symbol->st_value - segment.p_vaddr >= segment.p_filesz ||
		    want > segment.p_filesz - (symbol->st_value - segment.p_vaddr))
			continue;
		if (segment.p_offset <= INT64_MAX / 2 &&
		    read_at(tables->fd, segment.p_offset + (symbol->st_value - segment.p_vaddr),
			    object->bytes, want))
			object->nr = want;
		return;
	}
}

/* How the dynamic linker finds a name: the table of DT_GNU_HASH. */
struct hash_header {
	uint32_t nr_buckets;
	uint32_t first_symbol;
	uint32_t nr_bloom;
	uint32_t bloom_shift;
};

static uint32_t hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

static void find_exported(const struct tables *tables, struct object *object)
{
	uint64_t buckets, chains, at = tables->hash.sh_offset;
	uint32_t hash = hash_of(object->name), index, its;
	struct hash_header header;
	Elf64_Sym symbol;

	if (at > INT64_MAX / 2 || tables->dynamic.sh_offset > INT64_MAX / 2 ||
	    !read_at(tables->fd, at, &header, sizeof(header)) || !header.nr_buckets)
		return;
	buckets = at + sizeof(header) + 8ull * header.nr_bloom;
	chains = buckets + 4ull * header.nr_buckets;
	if (!read_at(tables->fd, buckets + 4ull * (hash % header.nr_buckets), &index,
		     sizeof(index)) ||
	    index < header.first_symbol)
		return;
	for (int i = 0; i < CHAIN_MAX; i++, index++) {
		if (!read_at(tables->fd, chains + 4ull * (index - header.first_symbol), &its,
			     sizeof(its)))
			return;
		if ((its | 1) == (hash | 1) &&
		    read_at(tables->fd,
			    tables->dynamic.sh_offset + (uint64_t)index * sizeof(symbol), &symbol,
			    sizeof(symbol)) &&
		    name_is(tables, &tables->dynamic_names, symbol.st_name, object->name)) {
			read_contents(tables, &symbol, object);
			return;
		}
		if (its & 1)
			return;
	}
}

static void find_local(const struct tables *tables, struct object *objects, size_t nr)
{
	uint64_t left = tables->symbols.sh_size / sizeof(Elf64_Sym), at = tables->symbols.sh_offset;
	Elf64_Sym *some __freeing = malloc(SYMBOLS_AT_ONE * sizeof(*some));

	if (!some || left > SYMBOLS_MAX || at > INT64_MAX / 2)
		return;
	for (size_t now; left; left -= now, at += now * sizeof(*some)) {
		now = left < SYMBOLS_AT_ONE ? left : SYMBOLS_AT_ONE;
		if (!read_at(tables->fd, at, some, now * sizeof(*some)))
			return;
		for (size_t i = 0; i < now; i++) {
			if (ELF64_ST_TYPE(some[i].st_info) != STT_OBJECT ||
			    some[i].st_shndx == SHN_UNDEF)
				continue;
			for (size_t o = 0; o < nr; o++)
				if (!objects[o].nr && name_is(tables, &tables->symbol_names,
							      some[i].st_name, objects[o].name))
					read_contents(tables, &some[i], &objects[o]);
		}
	}
}

static void end_elf(Elf **elf)
{
	elf_end(*elf);
}

int objects_read(int fd, bool local, struct object *objects, size_t nr)
{
	Elf *elf __attribute__((cleanup(end_elf))) = NULL;
	struct tables tables = { .fd = fd };
	bool all = true;

	elf_version(EV_CURRENT);
	tables.elf = elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF || gelf_getclass(elf) != ELFCLASS64)
		return -ENOEXEC;
	find_tables(&tables);
	for (size_t i = 0; i < nr; i++) {
		objects[i].nr = 0;
		if (tables.has_hash)
			find_exported(&tables, &objects[i]);
		all = all && objects[i].nr;
	}
	if (local && !all && tables.has_symbols)
		find_local(&tables, objects, nr);
	return 0;
}
