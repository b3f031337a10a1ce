// SPDX-License-Identifier: GPL-2.0-or-later
/* names.c - which names Kubernetes, Docker and Podman allow. */
#include <ctype.h>
#include <string.h>

#include "proc/home/private.h"

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_letter_or_digit(char c)
{
	return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

bool home_is_container_id(const char *id)
{
	size_t length = strlen(id);

	if (length != CONTAINER_ID_LENGTH)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!isxdigit((unsigned char)id[i]))
			return false;
	return true;
}

static bool take(const struct name_room *room, const char *text, size_t length)
{
	if (length >= room->size)
		return false;
	memcpy(room->to, text, length);
	room->to[length] = '\0';
	return true;
}

/* Labels between dots (any of them allowed), each of which begins and ends with a letter or digit. */
static bool take_dns(const struct name_room *room, const char *text, size_t length, bool dots)
{
	bool edge = true;

	if (!length || !is_lower_or_digit(text[length - 1]))
		return false;
	for (size_t i = 0; i < length; i++) {
		bool dot = dots && text[i] == '.';

		if (dot ? edge || text[i - 1] == '-'
			: !is_lower_or_digit(text[i]) && (edge || text[i] != '-'))
			return false;
		edge = dot;
	}
	return take(room, text, length);
}

bool home_take_label(const struct name_room *room, const char *text, size_t length)
{
	/* 63 */
	return length < HOME_NAMESPACE_BYTES && take_dns(room, text, length, false);
}

bool home_take_subdomain(const struct name_room *room, const char *text, size_t length)
{
	return take_dns(room, text, length, true);
}

bool home_take_engine_name(const struct name_room *room, const char *text)
{
	size_t length = strlen(text);

	if (!is_letter_or_digit(text[0]))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_letter_or_digit(text[i]) && !strchr("_.-", text[i]))
			return false;
	return take(room, text, length);
}
