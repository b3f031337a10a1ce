// SPDX-License-Identifier: GPL-2.0-or-later
/* elf_file.c - which of a file's tables, and of its debug files, a name and a line come from. */
#include "symbol/child/elf/elf_file.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "base/read.h"
#include "symbol/child/elf/debug_names.h"
#include "symbol/child/elf/dwarf_lines.h"
#include "symbol/child/elf/elf_headers.h"
#include "symbol/child/elf/elf_symbols.h"
#include "symbol/child/elf/go_lines.h"
#include "symbol/child/elf/mini_debug.h"
#include "symbol/wire/call.h"

#define MANGLED_MAX 4096
/* Bytes that are read for a checksum; what is larger must have the build id. */
#define CHECKED_MAX (256u << 20)
#define BLOCK_BYTES 65536

/* Functions by name, and the memory that their names are in. */
struct names {
	struct elf_symbols *symbols; /* NULL: none */
	unsigned char *bytes;
	size_t nr;
};

struct elf_file {
	int fd;
	int debug_fd; /* -1: none */
	int shared_fd; /* -1: none */
	unsigned int machine; /* EM_* */
	struct elf_segments segments;
	struct names own;
	struct names mini; /* of .gnu_debugdata */
	struct names debug; /* of debug_fd */
	struct debug_names ids;
	bool has_lines; /* debug information of its own, or in debug_fd */
	bool limited; /* it is more than is taken, or makes no sense */
	struct dwarf_lines *lines; /* NULL: not read, or shed */
	struct go_lines *go; /* NULL: none */
};

/* Header, segments and sections of a program, a library, or a debug file. elf_headers_free() it. */
static int read_headers(struct elf_headers *headers, const struct elf_source *source)
{
	int err = elf_headers_read(headers, source);

	if (!err && !elf_headers_is_loaded(headers))
		err = -ENOEXEC;
	return err ? err : elf_headers_read_sections(headers);
}

/* Without .symtab, what stands in for it. Not having that is no failure. */
static void read_mini(struct elf_file *file, const struct elf_headers *headers)
{
	struct elf_headers inner __attribute__((cleanup(elf_headers_free))) = { .nr_segments = 0 };
	struct elf_source source = { .fd = -1 };
	int err = mini_debug_read(headers, &file->mini.bytes, &file->mini.nr);

	file->limited |= err && err != -ENOENT;
	if (err)
		return;
	source.bytes = file->mini.bytes;
	source.nr = file->mini.nr;
	err = elf_headers_read(&inner, &source);
	if (!err)
		err = elf_headers_read_sections(&inner);
	if (!err)
		err = elf_symbols_read(&file->mini.symbols, &inner);
	file->limited |= err != 0;
}

static bool has_dwarf(const struct elf_headers *headers)
{
	return elf_headers_section(headers, ".debug_info") ||
	       elf_headers_section(headers, ".zdebug_info");
}

static int read_file(struct elf_file *file)
{
	struct elf_headers headers __attribute__((cleanup(elf_headers_free)));
	struct elf_source source = { .fd = file->fd };
	int err = read_headers(&headers, &source);

	if (!err)
		err = elf_symbols_read(&file->own.symbols, &headers);
	if (err)
		return err;
	file->machine = headers.header.e_machine;
	elf_headers_code(&headers, &file->segments);
	debug_names_read(&file->ids, &headers);
	file->has_lines = has_dwarf(&headers);
	if (!elf_symbols_full(file->own.symbols))
		read_mini(file, &headers);
	return go_lines_new(&file->go, &headers) == -ENOMEM ? -ENOMEM : 0;
}

int elf_file_open(struct elf_file **out, int fd)
{
	struct elf_file *file = calloc(1, sizeof(*file));
	int err;

	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	file->fd = fd;
	file->debug_fd = file->shared_fd = -1;
	err = read_file(file);
	if (err) {
		elf_file_close(file);
		return err;
	}
	/* While it was made the table of functions was many times its size. */
	malloc_trim(0);
	*out = file;
	return 0;
}

static void free_names(struct names *names)
{
	elf_symbols_free(names->symbols);
	free(names->bytes);
}

void elf_file_close(struct elf_file *file)
{
	dwarf_lines_free(file->lines);
	go_lines_free(file->go);
	free_names(&file->own);
	free_names(&file->mini);
	free_names(&file->debug);
	if (file->debug_fd >= 0)
		close(file->debug_fd);
	if (file->shared_fd >= 0)
		close(file->shared_fd);
	close(file->fd);
	free(file);
}

static size_t names_bytes(const struct names *names)
{
	return names->nr + (names->symbols ? elf_symbols_bytes(names->symbols) : 0);
}

size_t elf_file_bytes(const struct elf_file *file)
{
	return sizeof(*file) + names_bytes(&file->own) + names_bytes(&file->mini) +
	       names_bytes(&file->debug);
}

unsigned int elf_file_wants(const struct elf_file *file)
{
	unsigned int wants = 0;

	if (!file->has_lines && file->debug_fd < 0 && (file->ids.id.nr || file->ids.link[0]))
		wants |= DEBUG_FILE_OWN;
	if (file->has_lines && file->shared_fd < 0 && file->ids.shared_id.nr)
		wants |= DEBUG_FILE_SHARED;
	return wants;
}

const struct debug_names *elf_file_names(const struct elf_file *file)
{
	return &file->ids;
}

/* The checksum of a whole file, as .gnu_debuglink has it. */
static bool has_checksum(int fd, uint32_t wanted)
{
	unsigned char *block __freeing = malloc(BLOCK_BYTES);
	uLong sum = crc32(0, NULL, 0);
	struct stat status;
	uint64_t at = 0;
	ssize_t got;

	if (!block || fstat(fd, &status) || status.st_size > (off_t)CHECKED_MAX)
		return false;
	while ((got = read_up_to(fd, at, block, BLOCK_BYTES)) > 0) {
		sum = crc32(sum, block, (uInt)got);
		at += (uint64_t)got;
		if (at > CHECKED_MAX)
			return false;
	}
	return at == (uint64_t)status.st_size && (uint32_t)sum == wanted;
}

static bool same_id(const struct build_id *a, const struct build_id *b)
{
	return a->nr && a->nr == b->nr && !memcmp(a->bytes, b->bytes, a->nr);
}

static int attach_debug(struct elf_file *file, int fd)
{
	struct elf_headers headers __attribute__((cleanup(elf_headers_free)));
	struct elf_source source = { .fd = fd };
	struct debug_names ids;
	int err = read_headers(&headers, &source);

	if (err)
		return err;
	debug_names_read(&ids, &headers);
	if (headers.header.e_machine != file->machine)
		return -ENOKEY;
	/* Where both have a build id it decides: it is of the code, a checksum is of the file. */
	if (file->ids.id.nr && ids.id.nr
		    ? !same_id(&file->ids.id, &ids.id)
		    : !file->ids.link[0] || !has_checksum(fd, file->ids.link_crc))
		return -ENOKEY;
	err = elf_symbols_read(&file->debug.symbols, &headers);
	if (err)
		return err;
	file->has_lines = has_dwarf(&headers);
	file->ids.shared_id = ids.shared_id;
	memcpy(file->ids.shared, ids.shared, sizeof(ids.shared));
	file->debug_fd = fd;
	return 0;
}

static int attach_shared(struct elf_file *file, int fd)
{
	struct elf_headers headers __attribute__((cleanup(elf_headers_free)));
	struct elf_source source = { .fd = fd };
	struct debug_names ids;
	int err = elf_headers_read(&headers, &source);

	if (!err)
		err = elf_headers_read_sections(&headers);
	if (err)
		return err;
	debug_names_read(&ids, &headers);
	if (!same_id(&file->ids.shared_id, &ids.id))
		return -ENOKEY;
	file->shared_fd = fd;
	elf_file_shed(file);
	return 0;
}

int elf_file_attach(struct elf_file *file, enum debug_file which, int fd)
{
	int err = -EEXIST;

	if (elf_file_wants(file) & which)
		err = which == DEBUG_FILE_OWN ? attach_debug(file, fd) : attach_shared(file, fd);
	if (err)
		close(fd);
	malloc_trim(0);
	return err;
}

int elf_file_debug_fd(const struct elf_file *file)
{
	return file->debug_fd;
}

void elf_file_shed(struct elf_file *file)
{
	dwarf_lines_free(file->lines);
	file->lines = NULL;
}

bool elf_file_is_shed(const struct elf_file *file)
{
	return !file->lines;
}

int elf_file_vaddr(const struct elf_file *file, uint64_t offset, uint64_t *vaddr)
{
	return elf_segments_vaddr(&file->segments, offset, vaddr) ? -ENOENT : 0;
}

/* By the table that has the most first; the name as it is there. */
static bool find_name(const struct elf_file *file, uint64_t vaddr, uint64_t *start, char *name,
		      size_t size)
{
	const struct elf_symbols *full =
		elf_symbols_full(file->own.symbols) ? file->own.symbols : NULL;
	const struct elf_symbols *const tables[] = { full, file->debug.symbols, file->mini.symbols,
						     file->own.symbols };

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (tables[i] && !elf_symbols_find(tables[i], vaddr, start, name, size))
			return true;
	return false;
}

static void open_lines(struct elf_file *file)
{
	int err;

	if (!file->has_lines || file->lines || file->limited)
		return;
	err = dwarf_lines_new(&file->lines, file->debug_fd >= 0 ? file->debug_fd : file->fd);
	file->limited = err != 0;
	if (!err && file->shared_fd >= 0)
		file->limited = dwarf_lines_share(file->lines, file->shared_fd) != 0;
}

/* Who gets the functions at an address. */
struct receiver {
	elf_line_fn *line;
	void *context;
	const char *name; /* of the function by the file's symbols; NULL: not known */
	bool done;
};

static void give(struct receiver *receiver, bool last, const char *fn, const char *file,
		 unsigned int line)
{
	if (last && receiver->name)
		fn = receiver->name;
	if (!receiver->done)
		receiver->done =
			!receiver->line(receiver->context, fn ? fn : "", file ? file : "", line);
}

static bool give_dwarf(struct elf_file *file, uint64_t vaddr, struct elf_place *place,
		       struct receiver *receiver)
{
	struct dwarf_found found;

	open_lines(file);
	place->incomplete |= file->limited;
	if (!file->lines)
		return false;
	dwarf_lines_find(file->lines, vaddr, &found);
	place->incomplete |= found.incomplete;
	if (!receiver->name)
		place->start = found.start;
	for (size_t i = 0; i < found.nr; i++)
		give(receiver, i + 1 == found.nr, found.v[i].fn, found.v[i].file, found.v[i].line);
	return found.nr > 0;
}

static bool give_go(const struct elf_file *file, uint64_t vaddr, struct elf_place *place,
		    struct receiver *receiver)
{
	struct go_found *found __freeing = file->go ? malloc(sizeof(*found)) : NULL;

	if (!found)
		return false;
	go_lines_find(file->go, vaddr, found);
	if (!receiver->name)
		place->start = found->start;
	for (size_t i = 0; i < found->nr; i++)
		give(receiver, i + 1 == found->nr, found->v[i].fn, found->v[i].file,
		     found->v[i].line);
	return found->nr > 0;
}

void elf_file_lookup(struct elf_file *file, uint64_t vaddr, bool use_dwarf, struct elf_place *place,
		     elf_line_fn *line, void *context)
{
	struct receiver receiver = { .line = line, .context = context };
	char name[MANGLED_MAX];

	*place = (struct elf_place){ 0 };
	if (find_name(file, vaddr, &place->start, name, sizeof(name)))
		receiver.name = name;
	else
		place->incomplete = elf_symbols_cut(file->own.symbols);
	if (!(use_dwarf && give_dwarf(file, vaddr, place, &receiver)) &&
	    !give_go(file, vaddr, place, &receiver) && receiver.name)
		give(&receiver, true, NULL, NULL, 0);
}

uint64_t elf_file_defined(const struct elf_file *file, const char *const *names, size_t nr)
{
	uint64_t defined = elf_symbols_defined(file->own.symbols, names, nr);

	if (file->mini.symbols)
		defined |= elf_symbols_defined(file->mini.symbols, names, nr);
	return defined;
}

bool elf_file_after_call(const struct elf_file *file, uint64_t offset)
{
	uint64_t bytes = offset < CALL_BYTES ? offset : CALL_BYTES;
	uint8_t code[CALL_BYTES];

	if (read_at(file->fd, offset - bytes, code, bytes))
		return false;
	return call_precedes(code, bytes, file->machine);
}
