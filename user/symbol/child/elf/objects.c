// SPDX-License-Identifier: GPL-2.0-or-later
/* objects.c - how variables are found by name at little cost, and their contents by address. */
#include "symbol/child/elf/objects.h"

#include <errno.h>
#include <string.h>

#include "symbol/child/elf/elf_symtab.h"

#define CHAIN_MAX      4096 /* symbols of one bucket */
#define SYMBOLS_MAX    (4u << 20)
#define NAME_BYTES_MAX 256

static bool read_part(const struct elf_headers *headers, uint64_t offset, void *to, size_t bytes)
{
	return elf_source_read(&headers->source, offset, to, bytes) == 0;
}

static bool name_is(const struct elf_headers *headers, const Elf64_Shdr *names, uint32_t at,
		    const char *name)
{
	size_t bytes = strlen(name) + 1;
	char its[NAME_BYTES_MAX];

	return bytes <= sizeof(its) && at < names->sh_size && bytes <= names->sh_size - at &&
	       read_part(headers, names->sh_offset + at, its, bytes) && !memcmp(its, name, bytes);
}

/* The bytes that a loaded segment has at this address. */
static void read_contents(const struct elf_headers *headers, const Elf64_Sym *symbol,
			  struct object *object)
{
	uint64_t want = symbol->st_size < OBJECT_BYTES_MAX ? symbol->st_size : OBJECT_BYTES_MAX;
	uint64_t offset, bytes;

	if (!elf_headers_offset(headers, symbol->st_value, &offset, &bytes) && want <= bytes &&
	    read_part(headers, offset, object->bytes, want))
		object->nr = want;
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

/* In the table of what the file exports, by its hash. */
static void find_exported(const struct elf_headers *headers, const Elf64_Shdr *table,
			  struct object *object)
{
	const Elf64_Shdr *symbols = elf_headers_linked(headers, table);
	const Elf64_Shdr *names = symbols ? elf_headers_linked(headers, symbols) : NULL;
	uint64_t buckets, chains, at = table->sh_offset;
	uint32_t hash = hash_of(object->name), index, its;
	struct hash_header header;
	Elf64_Sym symbol;

	if (!names || at > INT64_MAX / 2 || symbols->sh_offset > INT64_MAX / 2 ||
	    !read_part(headers, at, &header, sizeof(header)) || !header.nr_buckets)
		return;
	buckets = at + sizeof(header) + 8ull * header.nr_bloom;
	chains = buckets + 4ull * header.nr_buckets;
	if (!read_part(headers, buckets + 4ull * (hash % header.nr_buckets), &index,
		       sizeof(index)) ||
	    index < header.first_symbol)
		return;
	for (int i = 0; i < CHAIN_MAX; i++, index++) {
		if (!read_part(headers, chains + 4ull * (index - header.first_symbol), &its,
			       sizeof(its)))
			return;
		if ((its | 1) == (hash | 1) &&
		    read_part(headers, symbols->sh_offset + (uint64_t)index * sizeof(symbol),
			      &symbol, sizeof(symbol)) &&
		    name_is(headers, names, symbol.st_name, object->name)) {
			read_contents(headers, &symbol, object);
			return;
		}
		if (its & 1)
			return;
	}
}

/* A search through all symbols. */
struct search {
	const struct elf_headers *headers;
	const Elf64_Shdr *names;
	struct object *objects;
	size_t nr;
};

static bool match(void *context, const Elf64_Sym *symbol)
{
	const struct search *search = context;

	if (ELF64_ST_TYPE(symbol->st_info) != STT_OBJECT || symbol->st_shndx == SHN_UNDEF)
		return true;
	for (size_t i = 0; i < search->nr; i++)
		if (!search->objects[i].nr && name_is(search->headers, search->names,
						      symbol->st_name, search->objects[i].name))
			read_contents(search->headers, symbol, &search->objects[i]);
	return true;
}

static void find_local(const struct elf_headers *headers, struct object *objects, size_t nr)
{
	const Elf64_Shdr *table = elf_symtab_find(headers, SHT_SYMTAB);
	struct search search = { .headers = headers, .objects = objects, .nr = nr };

	search.names = table ? elf_headers_linked(headers, table) : NULL;
	if (search.names && elf_symtab_count(headers, table) <= SYMBOLS_MAX)
		elf_symtab_each(headers, table, match, &search);
}

int objects_read(int fd, bool local, struct object *objects, size_t nr)
{
	struct elf_headers headers __attribute__((cleanup(elf_headers_free)));
	struct elf_source source = { .fd = fd };
	int err = elf_headers_read(&headers, &source);
	const Elf64_Shdr *exported;
	bool all = true;

	if (!err && !headers.is_64)
		err = -ENOEXEC;
	if (!err)
		err = elf_headers_read_sections(&headers);
	if (err)
		return err;
	exported = elf_symtab_find(&headers, SHT_GNU_HASH);
	for (size_t i = 0; i < nr; i++) {
		objects[i].nr = 0;
		if (exported)
			find_exported(&headers, exported, &objects[i]);
		all = all && objects[i].nr;
	}
	if (local && !all)
		find_local(&headers, objects, nr);
	return 0;
}
