// SPDX-License-Identifier: GPL-2.0-or-later
/* mini_debug.c - how much an xz file may unpack to, and take to be unpacked. */
#include "symbol/child/elf/mini_debug.h"

#include <errno.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define PACKED_MAX   (16u << 20)
#define UNPACKED_MAX (32u << 20)
#define MEMORY_MAX   (80ull << 20) /* xz -9 takes 65 MiB to unpack */

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

int mini_debug_read(const struct elf_headers *headers, unsigned char **bytes, size_t *nr)
{
	lzma_stream stream __attribute__((cleanup(end_stream))) = LZMA_STREAM_INIT;
	const Elf64_Shdr *section = elf_headers_section(headers, ".gnu_debugdata");
	unsigned char *packed __freeing = NULL;

	if (!section || section->sh_type != SHT_PROGBITS ||
	    elf_source_new(&headers->source, section->sh_offset, section->sh_size, PACKED_MAX,
			   &packed))
		return -ENOENT;
	if (lzma_stream_decoder(&stream, MEMORY_MAX, 0) != LZMA_OK)
		return -ENOMEM;
	stream.next_in = packed;
	stream.avail_in = section->sh_size;
	return unpack(&stream, bytes, nr);
}
