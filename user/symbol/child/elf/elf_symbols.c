// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * elf_symbols.c - a compact sorted table of an ELF file's functions.
 *
 * An entry is 16 bytes, and names stay in the file: a large program has a
 * million of them, of which a profile shows a hundred.
 */
#include "symbol/child/elf/elf_symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "symbol/child/elf/elf_symtab.h"
#include "symbol/wire/name.h"

#define SYMBOLS_MAX	2000000 /* functions */
#define TABLE_BYTES_MAX (320u << 20)
/* Names that are compared, of symbols at one address: hostile files have millions there. */
#define COMPARISONS_MAX 100000
/* How many symbols before an address are looked at for one that encloses it. */
#define NESTING_MAX 32
/* How much of two names for one address is compared. */
#define COMPARED_BYTES 128
/* How many strings that end in a name that is looked for are tried, and how long it may be. */
#define PLACES_MAX 16
/* What is not found by then is not there: a file can be of names only. */
#define SEARCH_MAX_NS (300 * NS_PER_MS)
#define WANTED_BYTES  128
#define BLOCK_BYTES   65536

#define SIZE_MASK    0x3fffffffu
#define SIZE_UNTYPED 0x40000000u /* while the table is made: no function by type, a label */
#define SIZE_UNKNOWN 0x80000000u /* while the table is made: goes to the next symbol */
#define NAME_MASK    0x7fffffffu
#define NAME_DYNAMIC 0x80000000u

enum { TABLE_SYMTAB, TABLE_DYNSYM, TABLES };

struct entry {
	uint64_t start;
	uint32_t size;
	uint32_t name; /* in the strings of its table */
};

/* Where in the file the names of a table are. */
struct strings {
	uint64_t offset;
	uint64_t bytes;
};

struct elf_symbols {
	struct elf_source source;
	struct entry *v;
	size_t nr;
	bool cut;
	bool full;
	struct strings strings[TABLES];
	struct strings sections; /* names of sections */
};

/* What is needed only while the table is made. */
struct building {
	const struct elf_headers *headers;
	struct elf_symbols *symbols;
	int table; /* of the symbols that come */
	bool first; /* the next symbol is the first of its table, which is always the undefined one */
	size_t capacity; /* of symbols->v */
	size_t comparisons;
};

/* The name as the file has it, cut to fit. 0, or -ENOENT. */
static int read_name(const struct elf_symbols *symbols, const struct entry *entry, char *name,
		     size_t size)
{
	int table = entry->name & NAME_DYNAMIC ? TABLE_DYNSYM : TABLE_SYMTAB;
	const struct strings *strings = &symbols->strings[table];
	uint64_t at = entry->name & NAME_MASK;
	uint64_t bytes;
	ssize_t got;

	if (at >= strings->bytes || strings->offset > INT64_MAX - at)
		return -ENOENT;
	bytes = strings->bytes - at;
	if (bytes > size - 1)
		bytes = size - 1;
	got = elf_source_up_to(&symbols->source, strings->offset + at, name, bytes);
	if (got <= 0 || name[0] == '\0')
		return -ENOENT;
	name[got] = '\0';
	return 0;
}

static bool is_function(const Elf64_Sym *symbol)
{
	int type = ELF64_ST_TYPE(symbol->st_info);

	return type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
}

/*
 * The section of code that a symbol is in, which has no bits where the code is in
 * another file. False: none.
 */
static bool code_of(const struct building *building, const Elf64_Sym *symbol, uint64_t *end)
{
	const Elf64_Shdr *section;

	if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx >= building->headers->nr_sections)
		return false;
	section = &building->headers->sections[symbol->st_shndx];
	if (!(section->sh_flags & SHF_EXECINSTR) ||
	    section->sh_size > UINT64_MAX - section->sh_addr)
		return false;
	*end = section->sh_addr + section->sh_size;
	return symbol->st_value >= section->sh_addr && symbol->st_value < *end;
}

static void add(struct building *building, const Elf64_Sym *symbol)
{
	struct entry *entry = &building->symbols->v[building->symbols->nr];
	uint64_t end, room;

	if (!is_function(symbol) || symbol->st_name == 0 || symbol->st_name > NAME_MASK ||
	    !code_of(building, symbol, &end))
		return;
	room = end - symbol->st_value;
	if (room > SIZE_MASK)
		room = SIZE_MASK;
	entry->start = symbol->st_value;
	entry->name = symbol->st_name | (building->table == TABLE_DYNSYM ? NAME_DYNAMIC : 0);
	if (symbol->st_size == 0)
		entry->size = (uint32_t)room | SIZE_UNKNOWN;
	else
		entry->size = (uint32_t)(symbol->st_size < room ? symbol->st_size : room);
	if (ELF64_ST_TYPE(symbol->st_info) == STT_NOTYPE)
		entry->size |= SIZE_UNTYPED;
	building->symbols->nr++;
}

/* Room for one more; false: no more are taken. */
static bool reserve(struct building *building)
{
	struct elf_symbols *symbols = building->symbols;
	size_t capacity = building->capacity * 2 + 256;
	struct entry *v;

	if (symbols->nr < building->capacity)
		return true;
	v = symbols->nr < SYMBOLS_MAX ? reallocarray(symbols->v, capacity, sizeof(*v)) : NULL;
	if (!v) {
		symbols->cut = true;
		return false;
	}
	symbols->v = v;
	building->capacity = capacity;
	return true;
}

static bool take(void *context, const Elf64_Sym *symbol)
{
	struct building *building = context;
	bool first = building->first;

	building->first = false;
	if (first)
		return true;
	if (!reserve(building))
		return false;
	add(building, symbol);
	return true;
}

static void read_table(struct building *building, uint32_t type)
{
	const struct elf_headers *headers = building->headers;
	struct elf_symbols *symbols = building->symbols;
	const Elf64_Shdr *table = elf_symtab_find(headers, type);
	const Elf64_Shdr *names = table ? elf_headers_linked(headers, table) : NULL;

	if (!names || names->sh_type != SHT_STRTAB || (names->sh_flags & SHF_COMPRESSED))
		return;
	/* It would take as much time as the header claims. */
	if (table->sh_size > TABLE_BYTES_MAX) {
		symbols->cut = true;
		return;
	}
	building->table = type == SHT_DYNSYM ? TABLE_DYNSYM : TABLE_SYMTAB;
	building->first = true;
	symbols->strings[building->table] = (struct strings){ names->sh_offset, names->sh_size };
	/* What cannot be read to its end names what there was. */
	elf_symtab_each(headers, table, take, building);
}

static int compare(const void *a_void, const void *b_void)
{
	const struct entry *a = a_void, *b = b_void;

	return a->start < b->start ? -1 : a->start > b->start;
}

/* Of two symbols at one address: function before label, known size before unknown, better name. */
static bool entry_better(struct building *building, const struct entry *a, const struct entry *b)
{
	uint32_t a_flags = a->size & ~SIZE_MASK, b_flags = b->size & ~SIZE_MASK;
	char a_name[COMPARED_BYTES], b_name[COMPARED_BYTES];

	if (a_flags != b_flags)
		return (a_flags & SIZE_UNTYPED) != (b_flags & SIZE_UNTYPED)
			       ? (b_flags & SIZE_UNTYPED)
			       : (b_flags & SIZE_UNKNOWN);
	if (building->comparisons++ > COMPARISONS_MAX ||
	    read_name(building->symbols, a, a_name, sizeof(a_name)))
		return false;
	return read_name(building->symbols, b, b_name, sizeof(b_name)) ||
	       name_better(a_name, b_name);
}

/* One symbol an address. */
static void choose(struct building *building)
{
	struct elf_symbols *symbols = building->symbols;
	size_t kept = 0;

	for (size_t i = 0; i < symbols->nr; i++) {
		struct entry *entry = &symbols->v[i];

		if (kept == 0 || symbols->v[kept - 1].start != entry->start)
			symbols->v[kept++] = *entry;
		else if (entry_better(building, entry, &symbols->v[kept - 1]))
			symbols->v[kept - 1] = *entry;
	}
	symbols->nr = kept;
}

/* A symbol without a size is a label inside the function around it, or goes to the next symbol. */
static void settle_sizes(struct elf_symbols *symbols)
{
	uint64_t function_end = 0;
	size_t kept = 0;

	for (size_t i = 0; i < symbols->nr; i++) {
		struct entry entry = symbols->v[i];
		bool unknown = entry.size & SIZE_UNKNOWN;

		entry.size &= SIZE_MASK;
		if (unknown) {
			if (entry.start < function_end)
				continue;
			if (i + 1 < symbols->nr &&
			    symbols->v[i + 1].start - entry.start < entry.size)
				entry.size = (uint32_t)(symbols->v[i + 1].start - entry.start);
		} else if (entry.start + entry.size > function_end) {
			function_end = entry.start + entry.size;
		}
		symbols->v[kept++] = entry;
	}
	symbols->nr = kept;
}

static void free_symbols(struct elf_symbols **symbols)
{
	elf_symbols_free(*symbols);
}

int elf_symbols_read(struct elf_symbols **out, const struct elf_headers *headers)
{
	struct elf_symbols *symbols __attribute__((cleanup(free_symbols))) =
		calloc(1, sizeof(*symbols));
	struct building building = { .headers = headers, .symbols = symbols };
	struct entry *v;

	if (!symbols)
		return -ENOMEM;
	symbols->source = headers->source;
	symbols->sections = (struct strings){ headers->names_offset, headers->names_bytes };
	symbols->full = elf_symtab_find(headers, SHT_SYMTAB);
	read_table(&building, SHT_DYNSYM);
	read_table(&building, SHT_SYMTAB);
	if (symbols->nr)
		qsort(symbols->v, symbols->nr, sizeof(*symbols->v), compare);
	choose(&building);
	settle_sizes(symbols);
	v = realloc(symbols->v, (symbols->nr + 1) * sizeof(*v));
	if (v)
		symbols->v = v;
	*out = symbols;
	symbols = NULL;
	return 0;
}

void elf_symbols_free(struct elf_symbols *symbols)
{
	if (!symbols)
		return;
	free(symbols->v);
	free(symbols);
}

size_t elf_symbols_bytes(const struct elf_symbols *symbols)
{
	return sizeof(*symbols) + symbols->nr * sizeof(*symbols->v);
}

static const struct entry *find(const struct elf_symbols *symbols, uint64_t vaddr)
{
	size_t low = 0, high = symbols->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->v[middle].start <= vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = 0; i < NESTING_MAX && low > 0; i++) {
		const struct entry *entry = &symbols->v[--low];

		if (vaddr - entry->start < entry->size)
			return entry;
	}
	return NULL;
}

bool elf_symbols_cut(const struct elf_symbols *symbols)
{
	return symbols->cut;
}

bool elf_symbols_full(const struct elf_symbols *symbols)
{
	return symbols->full;
}

int elf_symbols_find(const struct elf_symbols *symbols, uint64_t vaddr, uint64_t *start, char *name,
		     size_t size)
{
	const struct entry *entry = find(symbols, vaddr);

	if (!entry || read_name(symbols, entry, name, size))
		return -ENOENT;
	*start = entry->start;
	return 0;
}

/*
 * Where in a table's strings a name ends its string. The linker shares tails, so
 * not every such place is a symbol of that name.
 */
struct places {
	uint32_t at[PLACES_MAX];
	size_t nr;
};

static void find_in_block(const char *block, size_t bytes, uint64_t offset, const char *name,
			  struct places *places)
{
	size_t length = strlen(name) + 1;
	const char *from = block, *found;

	while (places->nr < PLACES_MAX &&
	       (found = memmem(from, bytes - (size_t)(from - block), name, length))) {
		places->at[places->nr++] = (uint32_t)(offset + (uint64_t)(found - block));
		from = found + 1;
	}
}

/* Blocks overlap by the longest name there can be, so that none is cut. */
static void find_places(const struct elf_source *source, const struct strings *strings,
			const char *const *names, size_t nr, uint64_t until_ns,
			struct places *places)
{
	char *block __freeing = malloc(BLOCK_BYTES);
	uint64_t offset = 0;

	while (block && offset < strings->bytes && offset <= NAME_MASK &&
	       clock_coarse_ns() < until_ns) {
		uint64_t left = strings->bytes - offset;
		size_t want = left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES;
		ssize_t got;

		if (strings->offset > INT64_MAX - offset)
			return;
		got = elf_source_up_to(source, strings->offset + offset, block, want);
		if (got <= 0)
			return;
		for (size_t i = 0; i < nr; i++)
			find_in_block(block, (size_t)got, offset, names[i], &places[i]);
		if ((size_t)got <= WANTED_BYTES)
			return;
		offset += (size_t)got - WANTED_BYTES;
		if ((size_t)got < BLOCK_BYTES)
			return;
	}
}

static uint64_t sections_named(const struct elf_symbols *symbols, const char *const *names,
			       size_t nr, uint64_t until_ns)
{
	struct places *places __freeing = calloc(nr, sizeof(*places));
	uint64_t named = 0;

	if (!places)
		return 0;
	find_places(&symbols->source, &symbols->sections, names, nr, until_ns, places);
	for (size_t i = 0; i < nr; i++)
		if (names[i][0] == '.' && places[i].nr)
			named |= 1ull << i;
	return named;
}

uint64_t elf_symbols_defined(const struct elf_symbols *symbols, const char *const *names, size_t nr)
{
	uint64_t until_ns = clock_coarse_ns() + SEARCH_MAX_NS;
	uint64_t defined = sections_named(symbols, names, nr, until_ns);

	for (uint32_t table = 0; table < TABLES; table++) {
		uint32_t flag = table == TABLE_DYNSYM ? NAME_DYNAMIC : 0;
		struct places *places __freeing = calloc(nr, sizeof(*places));

		if (!places)
			return defined;
		find_places(&symbols->source, &symbols->strings[table], names, nr, until_ns,
			    places);
		for (size_t i = 0; i < nr; i++)
			for (size_t p = 0; p < places[i].nr && clock_coarse_ns() < until_ns; p++)
				for (size_t e = 0; e < symbols->nr && !(defined >> i & 1); e++)
					if (symbols->v[e].name == (places[i].at[p] | flag))
						defined |= 1ull << i;
	}
	return defined;
}
