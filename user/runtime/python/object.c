// SPDX-License-Identifier: GPL-2.0-or-later
/* object.c - how str, bytes, int, float and tuple are laid out. */
#include "runtime/python/object.h"

#include <errno.h>
#include <string.h>

#include "runtime/python/interpreter.h"

#define TUPLE_MAX	1024
#define TYPE_NAME_BYTES 128
#define STRS_AT_ONCE	32
#define EQUALS_BYTES	64 /* what is looked for is no longer */

/* One digit of an int holds 30 bits (PyLong_SHIFT on 64-bit builds). */
#define LONG_SHIFT 30

static int has_flag(const struct python *python, uint64_t object, uint64_t flag)
{
	uint64_t type, flags;
	int err = py_type_of(python, object, &type);

	if (!err)
		err = py_type_flags(python, type, &flags);
	if (err)
		return err;
	return flags & flag ? 0 : -EINVAL;
}

/* PyASCIIObject, as far as all versions have it. */
struct str_header {
	uint64_t refcount;
	uint64_t type;
	uint64_t length; /* in characters */
	uint64_t hash;
	uint32_t state;
	uint32_t pad;
};

/* PyASCIIObject.state (Include/cpython/unicodeobject.h). */
static unsigned int str_kind(const struct str_header *header)
{
	return (header->state >> 2) & 7;
}

static bool str_is_compact(const struct str_header *header)
{
	return header->state & (1u << 5);
}

static bool str_is_ascii(const struct str_header *header)
{
	return header->state & (1u << 6);
}

/* Has the type this flag? *known: the last one that had it. */
static int check_flag(const struct python *python, uint64_t type, uint64_t flag, uint64_t *known)
{
	uint64_t flags;
	int err;

	if (type == *known)
		return 0;
	err = py_type_flags(python, type, &flags);
	if (err)
		return err;
	if (!(flags & flag))
		return -EINVAL;
	*known = type;
	return 0;
}

/* Is this the beginning of a str? */
static int check_str(struct python *python, const struct str_header *header)
{
	return check_flag(python, header->type, PY_FLAG_STR, &python->str_type);
}

static int str_header(struct python *python, uint64_t object, struct str_header *header)
{
	int err;

	if (object % sizeof(uint64_t))
		return -EINVAL;
	err = memory_read(&python->memory, object, header, sizeof(*header));
	return err ? err : check_str(python, header);
}

static int str_data(const struct python *python, uint64_t object, const struct str_header *header,
		    uint64_t *data)
{
	if (str_is_compact(header)) {
		*data = object + (str_is_ascii(header) ? python->layout.str_ascii
						       : python->layout.str_other);
		return 0;
	}
	return memory_read_ptr(&python->memory, object + python->layout.str_other, data);
}

/* Surrogates (os.fsdecode() leaves them for bytes that are no UTF-8) and nonsense become U+FFFD. */
static size_t put_utf8(uint32_t c, char *out, size_t room)
{
	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80 && room >= 1) {
		out[0] = (char)c;
		return 1;
	}
	if (c >= 0x80 && c < 0x800 && room >= 2) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c >= 0x800 && c < 0x10000 && room >= 3) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	if (c >= 0x10000 && room >= 4) {
		out[0] = (char)(0xf0 | c >> 18);
		out[1] = (char)(0x80 | (c >> 12 & 0x3f));
		out[2] = (char)(0x80 | (c >> 6 & 0x3f));
		out[3] = (char)(0x80 | (c & 0x3f));
		return 4;
	}
	return 0;
}

static uint32_t char_at(const unsigned char *data, unsigned int kind, size_t index)
{
	uint16_t two;
	uint32_t four;

	switch (kind) {
	case 1:
		return data[index];
	case 2:
		memcpy(&two, data + 2 * index, sizeof(two));
		return two;
	default:
		memcpy(&four, data + 4 * index, sizeof(four));
		return four;
	}
}

int py_str(struct python *python, uint64_t object, char *out, size_t size)
{
	unsigned char some[1024];
	struct str_header header;
	size_t used = 0;
	unsigned int kind;
	uint64_t data, done = 0;
	int err;

	out[0] = '\0';
	err = str_header(python, object, &header);
	if (!err)
		err = str_data(python, object, &header, &data);
	if (err)
		return err;
	kind = str_kind(&header);
	if (kind != 1 && kind != 2 && kind != 4)
		return -EINVAL;

	while (done < header.length) {
		uint64_t now = header.length - done;

		if (now > sizeof(some) / kind)
			now = sizeof(some) / kind;
		err = memory_read(&python->memory, data + done * kind, some, now * kind);
		if (err)
			return err;
		for (size_t i = 0; i < now; i++) {
			size_t put = put_utf8(char_at(some, kind, i), out + used, size - 1 - used);

			if (put == 0) {
				out[used] = '\0';
				return 0;
			}
			used += put;
		}
		done += now;
	}
	out[used] = '\0';
	return 0;
}

static bool str_equals(struct python *python, uint64_t object, const struct str_header *header,
		       const char *ascii)
{
	char text[EQUALS_BYTES];
	size_t length = strlen(ascii);
	uint64_t data;

	return length <= sizeof(text) && header->length == length && str_is_ascii(header) &&
	       !check_str(python, header) && !str_data(python, object, header, &data) &&
	       !memory_read(&python->memory, data, text, length) && !memcmp(text, ascii, length);
}

int py_str_find(struct python *python, const uint64_t *objects, size_t nr, const char *ascii,
		size_t *index)
{
	struct str_header headers[STRS_AT_ONCE];
	struct memory_piece pieces[STRS_AT_ONCE];
	int err;

	for (size_t first = 0; first < nr; first += STRS_AT_ONCE) {
		size_t some = nr - first < STRS_AT_ONCE ? nr - first : STRS_AT_ONCE;

		for (size_t i = 0; i < some; i++)
			pieces[i] = (struct memory_piece){ objects[first + i], &headers[i],
							   sizeof(headers[i]), 0 };
		err = memory_read_pieces(&python->memory, pieces, some);
		if (err)
			return err;
		for (size_t i = 0; i < some; i++) {
			if (pieces[i].error || pieces[i].addr % sizeof(uint64_t) ||
			    !str_equals(python, pieces[i].addr, &headers[i], ascii))
				continue;
			*index = first + i;
			return 0;
		}
	}
	return -ENOENT;
}

int py_bytes_size(struct python *python, uint64_t object, size_t *size)
{
	uint64_t type, value;
	int err = py_type_of(python, object, &type);

	if (!err)
		err = check_flag(python, type, PY_FLAG_BYTES, &python->bytes_type);
	if (!err)
		err = memory_read_ptr(&python->memory, object + PY_VAR_SIZE, &value);
	if (!err)
		*size = value;
	return err;
}

int py_str_or_bytes(struct python *python, uint64_t object, char *out, size_t size)
{
	size_t length;
	int err = py_str(python, object, out, size);

	if (err != -EINVAL)
		return err;
	err = py_bytes_size(python, object, &length);
	if (err)
		return err;
	if (length > size - 1)
		length = size - 1;
	err = memory_read(&python->memory, object + PY_BYTES_DATA, out, length);
	out[err ? 0 : length] = '\0';
	return err;
}

int py_long(const struct python *python, uint64_t object, uint64_t *out)
{
	unsigned int shift = python->layout.long_digits_shift;
	uint32_t digits[2] = { 0 };
	uint64_t size;
	int err = has_flag(python, object, PY_FLAG_LONG);

	if (!err)
		err = memory_read_ptr(&python->memory, object + PY_VAR_SIZE, &size);
	if (err)
		return err;
	/* Negative: a negative size, or from 3.12 on (lv_tag) a sign of 2 below the size. */
	if ((int64_t)size < 0 || (shift && (size & 3) == 2) || size >> shift > 2)
		return -ERANGE;
	err = memory_read(&python->memory, object + PY_LONG_DIGITS, digits,
			  (size >> shift) * sizeof(digits[0]));
	if (!err)
		*out = (uint64_t)digits[1] << LONG_SHIFT | digits[0];
	return err;
}

int py_float(const struct python *python, uint64_t object, double *out)
{
	char name[TYPE_NAME_BYTES];
	uint64_t type;
	int err = py_type_of(python, object, &type);

	if (!err)
		err = py_type_name(python, type, name, sizeof(name));
	if (err)
		return err;
	if (strcmp(name, "float"))
		return -EINVAL;
	return memory_read(&python->memory, object + PY_FLOAT_VALUE, out, sizeof(*out));
}

int py_tuple_index(struct python *python, uint64_t tuple, const char *ascii, size_t *index)
{
	uint64_t items[TUPLE_MAX], size;
	int err = has_flag(python, tuple, PY_FLAG_TUPLE);

	if (!err)
		err = memory_read_ptr(&python->memory, tuple + PY_VAR_SIZE, &size);
	if (err)
		return err;
	if (size > TUPLE_MAX)
		size = TUPLE_MAX;
	err = memory_read(&python->memory, tuple + python->layout.tuple_items, items,
			  size * sizeof(items[0]));
	if (err)
		return err;
	return py_str_find(python, items, size, ascii, index);
}
