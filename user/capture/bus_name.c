// SPDX-License-Identifier: GPL-2.0-or-later
/* bus_name.c - how messages of D-Bus look in memory: as they are sent (libdbus), or taken apart (sd-bus). */
#include "capture/bus_name.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"

#define STACK_BYTES   8192
#define WORDS	      8 /* of an object, that may lead further */
#define LEVELS	      3 /* from the stack: a binding's object, the library's, the message */
#define OBJECTS_MAX   1024 /* of a level */
#define BATCH	      64
#define MESSAGE_BYTES 1024
#define NAME_MAX_LEN  255

/* Header fields: codes and the signature of strings. */
#define FIELD_DESTINATION 6
#define HEADER_BYTES	  16
#define METHOD_CALL	  1

bool bus_is(const struct bp_object *object)
{
	char path[BP_PATH_BYTES + 1];
	size_t bytes = object->path_bytes;

	if (object->kind != BP_OBJECT_SOCKET || object->socket.family != AF_UNIX || !bytes ||
	    bytes > BP_PATH_BYTES)
		return false;
	memcpy(path, object->path, bytes);
	path[bytes] = '\0';
	/* of the abstract namespace: a NUL first */
	return strstr(path + !path[0], "dbus") || ends_with(path, "/bus") ||
	       ends_with(path, "bus_socket");
}

static uint32_t number_at(const unsigned char *at)
{
	uint32_t number;

	memcpy(&number, at, sizeof(number));
	return number;
}

/* ":1.5", or elements of letters, digits, - and _ with dots in between. */
static bool is_name(const char *name, size_t len)
{
	bool dot = false;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if (!isalnum(c) && !(c && strchr("_-.", c)) && !(c == ':' && !i))
			return false;
		dot |= c == '.';
	}
	return len > 2 && len <= NAME_MAX_LEN && dot && name[0] != '.';
}

static size_t aligned(size_t at, size_t to)
{
	return (at + to - 1) / to * to;
}

static bool is_call(const unsigned char *message)
{
	return message[0] == 'l' && message[1] == METHOD_CALL && message[3] == 1;
}

bool bus_message_destination(const unsigned char *message, size_t bytes, char *name, size_t size)
{
	size_t at = HEADER_BYTES, end;

	if (bytes < HEADER_BYTES || !is_call(message))
		return false;
	end = HEADER_BYTES + number_at(message + 12);
	if (end > bytes)
		end = bytes;
	/* each: code, signature, value; what is no string here is an object's path or a signature */
	while (at + 8 < end) {
		unsigned char code = message[at], type = message[at + 2];
		size_t len;

		if (message[at + 1] != 1 || message[at + 3])
			return false;
		at += 4;
		if (type == 's' || type == 'o') {
			len = number_at(message + at);
			at += 4;
		} else if (type == 'g') {
			len = message[at++];
		} else if (type == 'u') {
			at = aligned(at + 4, 8);
			continue;
		} else {
			return false;
		}
		if (len >= end - at)
			return false;
		if (code == FIELD_DESTINATION && type == 's' && len < size &&
		    is_name((const char *)message + at, len)) {
			memcpy(name, message + at, len);
			name[len] = '\0';
			return true;
		}
		at = aligned(at + len + 1, 8);
	}
	return false;
}

static bool may_be_object(uint64_t word)
{
	return word >= 1 << 16 && word < 1ull << 47 && !(word % 8);
}

/* struct sd_bus_message of systemd: counts, bus, cookie, path, interface, member, destination. */
static bool sd_bus_destination(const struct memory *memory, const uint64_t words[WORDS], char *name,
			       size_t size)
{
	char path[2];

	if (!words[0] || (uint32_t)words[0] > 1000 || words[0] >> 32 > 1000 || !words[3] ||
	    !words[5] || !words[6] || memory_read(memory, words[3], path, sizeof(path)) ||
	    path[0] != '/' || memory_read_cstring(memory, words[6], name, size))
		return false;
	return is_name(name, strlen(name));
}

/* The objects of one level, and where they lead. */
struct level {
	uint64_t addrs[OBJECTS_MAX];
	size_t nr;
};

static void level_add(struct level *level, uint64_t word)
{
	if (!may_be_object(word) || level->nr == OBJECTS_MAX)
		return;
	for (size_t i = level->nr; i-- > 0 && level->nr - i < 16;)
		if (level->addrs[i] == word)
			return;
	level->addrs[level->nr++] = word;
}

static bool look(const struct memory *memory, uint64_t addr, const uint64_t words[WORDS],
		 char *name, size_t size)
{
	unsigned char message[MESSAGE_BYTES];
	ssize_t got;

	if (!is_call((const unsigned char *)words))
		return sd_bus_destination(memory, words, name, size);
	got = memory_read_most(memory, addr, message, sizeof(message));
	return got > 0 && bus_message_destination(message, (size_t)got, name, size);
}

static bool look_at_level(const struct memory *memory, const struct level *level,
			  struct level *next, char *name, size_t size)
{
	uint64_t words[BATCH][WORDS];
	struct memory_piece pieces[BATCH];

	for (size_t at = 0; at < level->nr; at += BATCH) {
		size_t nr = level->nr - at < BATCH ? level->nr - at : BATCH;

		for (size_t i = 0; i < nr; i++)
			pieces[i] = (struct memory_piece){ level->addrs[at + i], words[i],
							   sizeof(words[i]), 0 };
		if (memory_read_pieces(memory, pieces, nr))
			return false;
		for (size_t i = 0; i < nr; i++) {
			if (pieces[i].error)
				continue;
			if (look(memory, level->addrs[at + i], words[i], name, size))
				return true;
			for (size_t k = 0; k < WORDS; k++)
				level_add(next, words[i][k]);
		}
	}
	return false;
}

bool bus_destination(const struct memory *memory, uint64_t sp, char *name, size_t size)
{
	struct level *levels __freeing = calloc(LEVELS + 1, sizeof(*levels));
	uint64_t stack[STACK_BYTES / 8];
	ssize_t got = memory_read_most(memory, sp, stack, sizeof(stack));

	if (!levels || got <= 0)
		return false;
	/* what lies on the stack itself leads to what is looked at anyway */
	for (size_t i = 0; i < (size_t)got / 8; i++)
		if (stack[i] - sp > STACK_BYTES)
			level_add(&levels[0], stack[i]);
	for (int i = 0; i < LEVELS; i++)
		if (look_at_level(memory, &levels[i], &levels[i + 1], name, size))
			return true;
	return false;
}
