// SPDX-License-Identifier: GPL-2.0-or-later
/* protocol.c - how much of an answer is sent, and whether what has come can be one. */
#include "symbol/wire/protocol.h"

#include <string.h>

#define ANSWER_HEADER_BYTES offsetof(struct answer, symbol)
#define END_OF(member)	    (offsetof(struct answer, member) + sizeof(((struct answer *)0)->member))

/* A packet has to fit into a socket's buffer. */
_Static_assert(sizeof(struct request) <= 1024, "a request is small");
_Static_assert(sizeof(struct answer) <= 20480, "an answer fits into a packet");

static bool is_string(const char *text, size_t bytes)
{
	return memchr(text, '\0', bytes) != NULL;
}

/* Hexadecimal, as build_id_print() has it, or empty. */
static bool is_build_id(const char *text, size_t bytes)
{
	return is_string(text, bytes) && strspn(text, "0123456789abcdef") == strlen(text);
}

static size_t symbol_bytes(const struct answer *answer, size_t bytes)
{
	const struct answer_symbol *symbol = &answer->symbol;
	size_t whole = offsetof(struct answer, symbol.text);

	if (bytes < whole || symbol->nr_lines > ANSWER_LINES_MAX ||
	    symbol->text_bytes > sizeof(symbol->text) ||
	    !is_build_id(symbol->build_id, sizeof(symbol->build_id)))
		return 0;
	whole += symbol->text_bytes;
	if (bytes < whole || (symbol->text_bytes && symbol->text[symbol->text_bytes - 1]))
		return 0;
	return whole;
}

static size_t objects_bytes(const struct answer *answer, size_t bytes)
{
	const struct answer_objects *objects = &answer->objects;
	size_t used = 0;

	if (bytes < offsetof(struct answer, objects.contents) || objects->nr > ANSWER_OBJECTS_MAX)
		return 0;
	for (size_t i = 0; i < objects->nr; i++) {
		if (objects->bytes[i] > sizeof(objects->contents) - used)
			return 0;
		used += objects->bytes[i];
	}
	return offsetof(struct answer, objects.contents) + used;
}

static size_t unwind_bytes(const struct answer *answer, size_t bytes)
{
	const struct answer_unwind *unwind = &answer->unwind;

	if (bytes < offsetof(struct answer, unwind.frames) || unwind->nr > UNWIND_FRAMES_MAX)
		return 0;
	return offsetof(struct answer, unwind.frames) + unwind->nr * sizeof(unwind->frames[0]);
}

static bool is_link(const struct answer_link *link)
{
	return is_string(link->id, sizeof(link->id)) && is_string(link->name, sizeof(link->name));
}

/* An answer whose size does not depend on what is in it. */
static size_t fixed_bytes(const struct answer *answer, uint32_t kind, size_t bytes)
{
	switch (kind) {
	case REQUEST_DEFINED:
		return END_OF(defined);
	case REQUEST_IDENTITY:
		return END_OF(identity);
	case REQUEST_MAP_READ:
		return END_OF(map_read);
	case REQUEST_ADDRESSES:
		return bytes >= END_OF(addresses) && answer->addresses.nr <= ANSWER_ADDRESSES_MAX
			       ? END_OF(addresses)
			       : 0;
	case REQUEST_VERSION:
		return bytes >= END_OF(version) &&
				       is_string(answer->version, sizeof(answer->version))
			       ? END_OF(version)
			       : 0;
	case REQUEST_MAP_NAME:
		return bytes >= END_OF(map_name) && is_string(answer->map_name.name,
							      sizeof(answer->map_name.name))
			       ? END_OF(map_name)
			       : 0;
	case REQUEST_LINKS:
		return bytes >= END_OF(links) && is_link(&answer->links.own) &&
				       is_link(&answer->links.shared)
			       ? END_OF(links)
			       : 0;
	default:
		return ANSWER_HEADER_BYTES;
	}
}

size_t answer_bytes(const struct answer *answer, uint32_t kind, size_t bytes)
{
	if (bytes < ANSWER_HEADER_BYTES || answer->error > 0)
		return 0;
	if (kind == REQUEST_UNWIND)
		return unwind_bytes(answer, bytes);
	if (answer->error)
		return ANSWER_HEADER_BYTES;
	if (kind == REQUEST_SYMBOL)
		return symbol_bytes(answer, bytes);
	if (kind == REQUEST_OBJECTS)
		return objects_bytes(answer, bytes);
	return fixed_bytes(answer, kind, bytes);
}
