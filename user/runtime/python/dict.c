// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dict.c - Objects/dictobject.c: a dict points to its keys, which hold a hash
 * index and behind it the entries. A split table has its values elsewhere, the
 * keys being shared by all instances of a class.
 */
#include "runtime/python/dict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/object.h"

#define ENTRIES_MAX	  16384
#define KEYS_HEADER_BYTES 40

/* dk_kind from 3.11: 0 has hashes in its entries, 1 (str keys) and 2 (split) have not. */
#define KIND_GENERAL 0

struct keys {
	uint64_t entries; /* address */
	uint64_t nr;
	size_t entry_bytes;
};

static uint64_t word_at(const unsigned char *bytes, size_t at)
{
	uint64_t value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static int keys_read(const struct python *python, uint64_t addr, struct keys *out)
{
	const struct bp_python *layout = &python->layout.kernel;
	unsigned char header[KEYS_HEADER_BYTES];
	uint64_t index_bytes;
	int err = memory_read(&python->memory, addr, header, sizeof(header));

	if (err)
		return err;
	if (layout->keys_log2_index_bytes) {
		unsigned int log2 = header[layout->keys_log2_index_bytes];

		if (log2 > 40)
			return -EINVAL;
		index_bytes = 1ull << log2;
		out->entry_bytes = header[layout->keys_kind] == KIND_GENERAL ? 24 : 16;
	} else {
		uint64_t size = word_at(header, layout->keys_size);

		if (size > 1ull << 40)
			return -EINVAL;
		/* DK_IXSIZE: as wide as the largest index needs. */
		index_bytes = size <= 0xff	   ? size
			      : size <= 0xffff	   ? size * 2
			      : size <= 0xffffffff ? size * 4
						   : size * 8;
		out->entry_bytes = 24;
	}
	out->nr = word_at(header, layout->keys_nentries);
	out->entries = addr + layout->keys_indices + index_bytes;
	return 0;
}

/* values: the address of the values of a split table, 0: they are in the entries. */
static int table_read(const struct python *python, const struct keys *keys, uint64_t values,
		      struct py_dict *out)
{
	size_t nr = keys->nr < ENTRIES_MAX ? keys->nr : ENTRIES_MAX;
	size_t key_at = keys->entry_bytes == 24 ? 8 : 0;
	unsigned char *raw __freeing = NULL;
	uint64_t *split __freeing = NULL;
	struct memory_piece pieces[2];
	int err;

	memset(out, 0, sizeof(*out));
	if (nr == 0)
		return 0;
	raw = malloc(nr * keys->entry_bytes);
	split = calloc(nr, sizeof(*split));
	out->entries = calloc(nr, sizeof(*out->entries));
	pieces[0] = (struct memory_piece){ keys->entries, raw, nr * keys->entry_bytes, 0 };
	pieces[1] = (struct memory_piece){ values, split, nr * sizeof(*split), 0 };
	err = raw && split && out->entries
		      ? memory_read_all(&python->memory, pieces, values ? 2 : 1)
		      : -ENOMEM;
	if (err) {
		py_dict_free(out);
		return err;
	}
	for (size_t i = 0; i < nr; i++) {
		const unsigned char *entry = raw + i * keys->entry_bytes;

		out->entries[i].key = word_at(entry, key_at);
		out->entries[i].value = values ? split[i] : word_at(entry, key_at + 8);
	}
	out->nr = nr;
	return 0;
}

static int dict_keys(const struct python *python, uint64_t object, struct keys *keys)
{
	uint64_t type, flags, addr;
	int err = py_type_of(python, object, &type);

	if (!err)
		err = py_type_flags(python, type, &flags);
	if (!err && !(flags & PY_FLAG_DICT))
		err = -EINVAL;
	if (!err)
		err = memory_read_ptr(&python->memory, object + python->layout.kernel.dict_keys,
				      &addr);
	return err ? err : keys_read(python, addr, keys);
}

int py_dict_read(const struct python *python, uint64_t object, struct py_dict *out)
{
	struct keys keys;
	uint64_t values;
	int err;

	memset(out, 0, sizeof(*out));
	err = dict_keys(python, object, &keys);
	if (!err)
		err = memory_read_ptr(&python->memory, object + python->layout.dict_values,
				      &values);
	if (err)
		return err;
	if (values)
		values += python->layout.values_header;
	return table_read(python, &keys, values, out);
}

void py_dict_free(struct py_dict *dict)
{
	free(dict->entries);
	memset(dict, 0, sizeof(*dict));
}

int py_dict_nentries(const struct python *python, uint64_t object, uint64_t *nr)
{
	struct keys keys;
	int err = dict_keys(python, object, &keys);

	if (!err)
		*nr = keys.nr;
	return err;
}

static int find(struct python *python, const struct py_dict *dict, const char *key, uint64_t *value)
{
	uint64_t *keys __freeing = calloc(dict->nr + 1, sizeof(*keys));
	size_t at;
	int err;

	if (!keys)
		return -ENOMEM;
	/* an entry that was removed has no value; nothing is to be read at 0 */
	for (size_t i = 0; i < dict->nr; i++)
		keys[i] = dict->entries[i].value ? dict->entries[i].key : 0;
	err = py_str_find(python, keys, dict->nr, key, &at);
	if (!err)
		*value = dict->entries[at].value;
	return err;
}

int py_dict_get(struct python *python, uint64_t object, const char *key, uint64_t *value)
{
	struct py_dict dict PY_DICT_FREEING = { 0 };
	int err = py_dict_read(python, object, &dict);

	return err ? err : find(python, &dict, key, value);
}

int py_dict_get_object(const struct python *python, uint64_t object, uint64_t key, uint64_t *value)
{
	struct py_dict dict PY_DICT_FREEING = { 0 };
	int err = py_dict_read(python, object, &dict);

	if (err)
		return err;
	for (size_t i = 0; i < dict.nr; i++) {
		if (dict.entries[i].key == key && dict.entries[i].value) {
			*value = dict.entries[i].value;
			return 0;
		}
	}
	return -ENOENT;
}

/* The two places where an instance's attributes may be: exactly one is not 0. */
struct instance {
	uint64_t dict;
	uint64_t values; /* of the keys its class has cached */
};

static int plain_dict(const struct python *python, uint64_t object, uint64_t type,
		      struct instance *out)
{
	int64_t offset;
	int err = memory_read(&python->memory, type + PY_TYPE_DICTOFFSET, &offset, sizeof(offset));

	if (err)
		return err;
	/* Negative offsets count from the end of variable-sized objects: none of those is of use. */
	if (offset <= 0 || offset % (int64_t)sizeof(uint64_t))
		return -ENOENT;
	return memory_read_ptr(&python->memory, object + (uint64_t)offset, &out->dict);
}

/* 3.11: _PyObject_ValuesPointer() and _PyObject_ManagedDictPointer() of pycore_object.h. */
static int values_or_dict(const struct python *python, uint64_t object, struct instance *out)
{
	uint64_t words[2];
	int err = memory_read(&python->memory, object - 32, words, sizeof(words));

	if (err)
		return err;
	out->values = words[0];
	out->dict = words[0] ? 0 : words[1];
	return 0;
}

/* 3.12: PyDictOrValues of pycore_object.h: values are tagged by being one byte off. */
static int tagged(const struct python *python, uint64_t object, struct instance *out)
{
	uint64_t word;
	int err = memory_read_ptr(&python->memory, object - 24, &word);

	if (err)
		return err;
	if (word & 1)
		out->values = word + 1;
	else
		out->dict = word;
	return 0;
}

/* 3.13: _PyObject_InlineValues(): behind the object, with a header that says whether they are valid. */
static int inline_values(const struct python *python, uint64_t object, uint64_t type,
			 uint64_t flags, struct instance *out)
{
	struct {
		uint8_t capacity, size, embedded, valid;
	} header;
	uint64_t basicsize;
	int err = memory_read_ptr(&python->memory, object - 24, &out->dict);

	if (err || out->dict || !(flags & PY_FLAG_INLINE_VALUES))
		return err;
	err = memory_read_ptr(&python->memory, type + PY_TYPE_BASICSIZE, &basicsize);
	if (!err)
		err = memory_read(&python->memory, object + basicsize, &header, sizeof(header));
	if (!err && header.valid)
		out->values = object + basicsize + python->layout.values_header;
	return err;
}

static int instance_read(const struct python *python, uint64_t object, uint64_t type,
			 struct instance *out)
{
	uint64_t flags;
	int err = py_type_flags(python, type, &flags);

	memset(out, 0, sizeof(*out));
	if (err)
		return err;
	if (!(flags & PY_FLAG_HEAP_TYPE))
		return -ENOENT;
	if (!(flags & PY_FLAG_MANAGED_DICT))
		return plain_dict(python, object, type, out);
	switch (python->layout.instances) {
	case PY_INSTANCE_DICT:
		return plain_dict(python, object, type, out);
	case PY_INSTANCE_VALUES_OR_DICT:
		return values_or_dict(python, object, out);
	case PY_INSTANCE_TAGGED:
		return tagged(python, object, out);
	case PY_INSTANCE_INLINE:
		return inline_values(python, object, type, flags, out);
	}
	return -ENOENT;
}

int py_attribute(struct python *python, uint64_t object, const char *name, uint64_t *value)
{
	struct py_dict dict PY_DICT_FREEING = { 0 };
	struct instance instance;
	struct keys keys;
	uint64_t type, addr;
	int err = py_type_of(python, object, &type);

	if (!err)
		err = instance_read(python, object, type, &instance);
	if (err)
		return err;
	if (instance.dict)
		return py_dict_get(python, instance.dict, name, value);
	if (!instance.values)
		return -ENOENT;
	err = memory_read_ptr(&python->memory, type + python->layout.type_cached_keys, &addr);
	if (!err)
		err = keys_read(python, addr, &keys);
	if (!err)
		err = table_read(python, &keys, instance.values, &dict);
	return err ? err : find(python, &dict, name, value);
}
