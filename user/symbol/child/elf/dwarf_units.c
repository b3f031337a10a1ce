// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dwarf_units.c - sorted ranges of units, and of the functions of those asked last.
 *
 * A file of a gigabyte has ten thousand units, of which a profile asks for a
 * hundred: .debug_aranges says where they are, and only those that it leaves out
 * (clang writes none) are looked into for their ranges.
 */
#include "symbol/child/elf/dwarf_units.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define RANGES_MAX    1000000u
#define ARANGES_MAX   500000u
#define UNITS_KEPT    16
#define INDEX_MAX_NS  (600 * NS_PER_MS)
#define WALK_MAX_NS   (400 * NS_PER_MS)
#define CHECKED_EACH  256 /* entries between looks at the clock */
#define NAMESPACE_MAX 16 /* namespaces and types one in the other */
/* How many ranges before an address are looked at for one that encloses it. */
#define NESTING_MAX 16

struct range {
	uint64_t start;
	uint64_t end;
	uint64_t die; /* offset of the unit's or function's entry */
};

struct ranges {
	struct range *v;
	size_t nr;
	size_t capacity;
	bool incomplete;
};

struct unit {
	uint64_t die;
	uint64_t used; /* units->uses when it was asked last */
	struct ranges functions;
};

struct dwarf_units {
	Dwarf *dwarf;
	bool indexed;
	struct ranges units;
	struct unit kept[UNITS_KEPT];
	size_t nr_kept;
	uint64_t uses;
};

/* A walk that ends when it has taken too long. */
struct walk {
	struct ranges *ranges;
	uint64_t until_ns;
	unsigned int steps;
};

static bool over(struct walk *walk)
{
	if (++walk->steps % CHECKED_EACH == 0 && clock_coarse_ns() > walk->until_ns)
		walk->ranges->incomplete = true;
	return walk->ranges->incomplete;
}

static void add(struct ranges *ranges, uint64_t start, uint64_t end, uint64_t die)
{
	if (start >= end)
		return;
	if (ranges->nr == ranges->capacity) {
		size_t capacity = ranges->capacity * 2 + 64;
		struct range *v = ranges->nr < RANGES_MAX
					  ? reallocarray(ranges->v, capacity, sizeof(*v))
					  : NULL;

		if (!v) {
			ranges->incomplete = true;
			return;
		}
		ranges->v = v;
		ranges->capacity = capacity;
	}
	ranges->v[ranges->nr++] = (struct range){ start, end, die };
}

static int compare(const void *a_void, const void *b_void)
{
	const struct range *a = a_void, *b = b_void;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	/* The smaller one later: it is met first. */
	return a->end > b->end ? -1 : a->end < b->end;
}

static void sort(struct ranges *ranges)
{
	if (ranges->nr)
		qsort(ranges->v, ranges->nr, sizeof(*ranges->v), compare);
}

static const struct range *find(const struct ranges *ranges, uint64_t vaddr)
{
	size_t low = 0, high = ranges->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->v[middle].start <= vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = 0; i < NESTING_MAX && low > 0; i++)
		if (vaddr < ranges->v[--low].end)
			return &ranges->v[low];
	return NULL;
}

static void add_die(struct walk *walk, Dwarf_Die *die)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;

	/* Code that the linker left out is at 0 (or 1 in range lists). */
	while ((at = dwarf_ranges(die, at, &base, &start, &end)) > 0 && !over(walk))
		if (start > 1)
			add(walk->ranges, start, end, dwarf_dieoffset(die));
}

static int compare_offsets(const void *a_void, const void *b_void)
{
	const uint64_t *a = a_void, *b = b_void;

	return *a < *b ? -1 : *a > *b;
}

/* Units by .debug_aranges; *covered: their offsets, sorted. How many. */
static size_t add_aranges(struct dwarf_units *units, uint64_t **covered)
{
	Dwarf_Aranges *aranges;
	size_t nr, nr_covered = 0;

	if (dwarf_getaranges(units->dwarf, &aranges, &nr) || nr > ARANGES_MAX)
		return 0;
	*covered = calloc(nr + 1, sizeof(**covered));
	for (size_t i = 0; *covered && i < nr; i++) {
		Dwarf_Addr start;
		Dwarf_Word bytes;
		Dwarf_Off die;

		if (dwarf_getarangeinfo(dwarf_onearange(aranges, i), &start, &bytes, &die) ||
		    bytes > UINT64_MAX - start)
			continue;
		(*covered)[nr_covered++] = die;
		add(&units->units, start, start + bytes, die);
	}
	if (nr_covered)
		qsort(*covered, nr_covered, sizeof(**covered), compare_offsets);
	return nr_covered;
}

static void index_units(struct dwarf_units *units)
{
	struct walk walk = { &units->units, clock_coarse_ns() + INDEX_MAX_NS, 0 };
	uint64_t *covered __freeing = NULL;
	size_t nr_covered = add_aranges(units, &covered), header;
	Dwarf_Off at = 0, next;
	Dwarf_Die die;

	while (!over(&walk) && dwarf_next_unit(units->dwarf, at, &next, &header, NULL, NULL, NULL,
					       NULL, NULL, NULL) == 0) {
		uint64_t offset = at + header;

		if (!(nr_covered &&
		      bsearch(&offset, covered, nr_covered, sizeof(offset), compare_offsets)) &&
		    dwarf_offdie(units->dwarf, offset, &die) &&
		    (dwarf_tag(&die) == DW_TAG_compile_unit ||
		     dwarf_tag(&die) == DW_TAG_skeleton_unit))
			add_die(&walk, &die);
		if (next <= at)
			break;
		at = next;
	}
	sort(&units->units);
}

bool dwarf_units_find(struct dwarf_units *units, uint64_t vaddr, Dwarf_Die *unit, bool *incomplete)
{
	const struct range *range;

	if (!units->indexed) {
		units->indexed = true;
		index_units(units);
	}
	range = find(&units->units, vaddr);
	if (!range && units->units.incomplete)
		*incomplete = true;
	return range && dwarf_offdie(units->dwarf, range->die, unit);
}

/* What can have functions in it that are not the business of another function. */
static bool is_scope(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_structure_type ||
	       tag == DW_TAG_class_type || tag == DW_TAG_union_type ||
	       tag == DW_TAG_enumeration_type || tag == DW_TAG_module ||
	       tag == DW_TAG_interface_type;
}

static void walk_functions(struct walk *walk, Dwarf_Die *parent, unsigned int depth)
{
	Dwarf_Die die;

	if (depth == NAMESPACE_MAX || dwarf_child(parent, &die))
		return;
	do {
		int tag = dwarf_tag(&die);

		if (tag == DW_TAG_subprogram)
			add_die(walk, &die);
		else if (is_scope(tag) && dwarf_haschildren(&die) > 0)
			walk_functions(walk, &die, depth + 1);
	} while (!over(walk) && dwarf_siblingof(&die, &die) == 0);
}

static struct unit *keep_unit(struct dwarf_units *units, Dwarf_Die *die)
{
	uint64_t offset = dwarf_dieoffset(die);
	struct unit *unit = &units->kept[0];
	struct walk walk;

	for (size_t i = 0; i < units->nr_kept; i++) {
		if (units->kept[i].die == offset)
			return &units->kept[i];
		if (units->kept[i].used < unit->used)
			unit = &units->kept[i];
	}
	if (units->nr_kept < UNITS_KEPT)
		unit = &units->kept[units->nr_kept++];
	free(unit->functions.v);
	*unit = (struct unit){ .die = offset };
	walk = (struct walk){ &unit->functions, clock_coarse_ns() + WALK_MAX_NS, 0 };
	walk_functions(&walk, die, 0);
	sort(&unit->functions);
	return unit;
}

bool dwarf_units_function(struct dwarf_units *units, Dwarf_Die *unit_die, uint64_t vaddr,
			  Dwarf_Die *function, bool *incomplete)
{
	struct unit *unit = keep_unit(units, unit_die);
	const struct range *range = find(&unit->functions, vaddr);

	unit->used = ++units->uses;
	if (!range && unit->functions.incomplete)
		*incomplete = true;
	return range && dwarf_offdie(units->dwarf, range->die, function);
}

int dwarf_units_new(struct dwarf_units **out, Dwarf *dwarf)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->dwarf = dwarf;
	return 0;
}

void dwarf_units_free(struct dwarf_units *units)
{
	if (!units)
		return;
	for (size_t i = 0; i < units->nr_kept; i++)
		free(units->kept[i].functions.v);
	free(units->units.v);
	free(units);
}
