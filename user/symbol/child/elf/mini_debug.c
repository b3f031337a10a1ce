// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbol/child/elf/mini_debug.h"

#include <errno.h>
#include <gelf.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define PACKED_MAX   (16u << 20)
#define UNPACKED_MAX (32u << 20)
#define MEMORY_MAX   (80ull << 20) /* xz -9 takes 65 MiB to unpack */

static Elf_Data *find_section(Elf *elf)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_PROGBITS)
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (name && !strcmp(name, ".gnu_debugdata"))
			return header.sh_size <= PACKED_MAX ? elf_rawdata(section, NULL) : NULL;
	}
	return NULL;
}

static void end_stream(lzma_stream *stream)
{
	lzma_end(stream);
}

/* All of it, in a buffer that grows up to the limit. */
static int unpack(lzma_stream *stream, unsigned char **bytes, size_t *nr)
{
	unsigned char *buffer __freeing = NULL;
	size_t capacity = 0;
	lzma_ret result;

	do {
		unsigned char *grown;

		if (capacity >= UNPACKED_MAX)
			return -EFBIG;
		capacity = capacity * 2 + 65536;
		grown = realloc(buffer, capacity);
		if (!grown)
			return -ENOMEM;
		buffer = grown;
		stream->next_out = buffer + stream->total_out;
		stream->avail_out = capacity - stream->total_out;
		result = lzma_code(stream, LZMA_FINISH);
	} while (result == LZMA_OK && !stream->avail_out);
	if (result != LZMA_STREAM_END)
		return result == LZMA_MEMLIMIT_ERROR ? -EFBIG : -EINVAL;
	*nr = stream->total_out;
	*bytes = buffer;
	buffer = NULL;
	return 0;
}

int mini_debug_read(Elf *elf, unsigned char **bytes, size_t *nr)
{
	lzma_stream stream __attribute__((cleanup(end_stream))) = LZMA_STREAM_INIT;
	Elf_Data *data = find_section(elf);

	if (!data || !data->d_buf)
		return -ENOENT;
	if (lzma_stream_decoder(&stream, MEMORY_MAX, 0) != LZMA_OK)
		return -ENOMEM;
	stream.next_in = data->d_buf;
	stream.avail_in = data->d_size;
	return unpack(&stream, bytes, nr);
}
