// SPDX-License-Identifier: GPL-2.0-or-later
/* redact.c - which strings of a record are shown to others, and what stands for the rest. */
#include "recording/redact.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strings.h"

enum shown {
	SHOWN, /* words of ours, and names of code, programs and threads: what a stall is understood by */
	SHOWN_BUT_HOME, /* the path of code: not whose home it is in */
	HASHED,
};

/* The target of kind lock, which has a key in common with others. */
#define LOCK "target lock"

/* A row with an object goes before one without. */
static const struct {
	const char
		*object; /* the key that the object, or the list of them, has itself; NULL: any */
	const char *key;
	enum shown shown;
} rules[] = {
	{ NULL, "type", SHOWN },
	{ NULL, "time", SHOWN },
	{ NULL, "kind", SHOWN },
	{ NULL, "cause", SHOWN },
	{ NULL, "doubt", SHOWN },
	{ NULL, "reason", SHOWN },
	{ NULL, "note", SHOWN },
	{ NULL, "state", SHOWN },
	{ NULL, "way", SHOWN },
	{ NULL, "by", SHOWN },
	{ NULL, "turn", SHOWN },
	{ NULL, "runtime", SHOWN },
	{ NULL, "runtime_version", SHOWN },
	{ NULL, "syscall", SHOWN },
	{ NULL, "advice", SHOWN },
	{ NULL, "against", SHOWN },
	{ NULL, "tasks_unread", SHOWN },
	{ NULL, "interpreter", SHOWN },
	{ NULL, "version", SHOWN },
	{ NULL, "kernel", SHOWN },
	{ "features", "scheduler", SHOWN },
	{ "features", "waits", SHOWN },
	{ "features", "waits_attached", SHOWN },
	{ "features", "cpu_samples", SHOWN },
	{ "features", "user_stacks", SHOWN },
	{ NULL, "host", HASHED },
	{ NULL, "hosts", HASHED },
	{ NULL, "change", SHOWN },
	{ "scope", "comm", HASHED },
	{ "scope", "unit", HASHED },
	{ "scope", "cgroup", HASHED },
	{ NULL, "comm", SHOWN },
	{ NULL, "peer_comm", SHOWN },
	{ NULL, "exe", SHOWN_BUT_HOME },
	{ NULL, "unit", HASHED },
	{ NULL, "cgroup", HASHED },
	{ NULL, "container", HASHED },
	{ NULL, "container_name", HASHED },
	{ NULL, "pod", HASHED },
	{ NULL, "namespace", HASHED },
	{ NULL, "fn", SHOWN },
	{ NULL, "file", SHOWN_BUT_HOME },
	{ NULL, "module", SHOWN_BUT_HOME },
	{ NULL, "build_id", SHOWN },
	{ "task", "coro", SHOWN },
	{ "awaits", "type", SHOWN },
	{ NULL, "pool", SHOWN },
	{ LOCK, "name", SHOWN }, /* a word of ours */
	{ NULL, "name",
	  HASHED }, /* of a task, of what is looked up, of a device, a server, a bus */
	{ NULL, "path", HASHED },
	{ NULL, "local", HASHED },
	{ NULL, "peer", HASHED },
	{ NULL, "server", HASHED },
	{ NULL, "proto", SHOWN },
	{ NULL, "addr", SHOWN },
};

#define NR_RULES (sizeof(rules) / sizeof(rules[0]))

/* The row of it; NR_RULES: there is none. */
static size_t rule_of(const char *object, const char *key)
{
	size_t any = NR_RULES;

	for (size_t i = 0; i < NR_RULES; i++) {
		if (strcmp(rules[i].key, key) != 0)
			continue;
		if (!rules[i].object)
			any = i;
		else if (same_string(rules[i].object, object))
			return i;
	}
	return any;
}

bool redact_is_decided(const char *object, const char *key)
{
	return rule_of(object, key) < NR_RULES;
}

#define HASHED_BYTES 24

static void hash_words(const struct siphash_key *key, const char *text, size_t length,
		       char words[HASHED_BYTES])
{
	snprintf(words, HASHED_BYTES, "~%016" PRIx64, siphash(key, text, length));
}

/* "/home/NAME/x" without the name; NULL: no memory. */
static json_t *without_home(const struct siphash_key *key, const char *path)
{
	static const char *const homes[] = { "/home/", "/var/home/", "/export/home/" };
	__freeing char *text = NULL;
	char words[HASHED_BYTES];

	for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++) {
		size_t before = strlen(homes[i]), length;

		if (!starts_with(path, homes[i]))
			continue;
		length = strcspn(path + before, "/");
		hash_words(key, path + before, length, words);
		if (asprintf(&text, "%s%s%s", homes[i], words, path + before + length) < 0) {
			text = NULL;
			return NULL;
		}
		return json_string(text);
	}
	return json_string(path);
}

/* What stands for a string; NULL: no memory. */
static json_t *shown_as(const struct siphash_key *key, enum shown shown, const char *text)
{
	char words[HASHED_BYTES];

	if (shown == SHOWN_BUT_HOME)
		return without_home(key, text);
	hash_words(key, text, strlen(text), words);
	return json_string(words);
}

static int redact_object(const struct siphash_key *key, const char *name, json_t *object);

/* *out: what takes the value's place, NULL: nothing has to. name is what its object has as a key itself. */
static int redact_value(const struct siphash_key *key, const char *name, const char *own,
			json_t *value, json_t **out)
{
	json_t *item, *instead;
	size_t rule, i;

	*out = NULL;
	if (json_is_object(value))
		return redact_object(key, own, value);
	json_array_foreach (value, i, item) {
		int err = redact_value(key, name, own, item, &instead);

		if (err || (instead && json_array_set_new(value, i, instead)))
			return -ENOMEM;
	}
	if (!json_is_string(value))
		return 0;
	rule = rule_of(name, own);
	if (rule < NR_RULES && rules[rule].shown == SHOWN)
		return 0;
	*out = shown_as(key, rule < NR_RULES ? rules[rule].shown : HASHED,
			json_string_value(value));
	return *out ? 0 : -ENOMEM;
}

/* Rules of --ignore are keys, and name what they are about. */
static int redact_keys(const struct siphash_key *key, json_t *object)
{
	json_t *hashed = json_object(), *value;
	char words[HASHED_BYTES];
	const char *name;
	int err = hashed ? 0 : -ENOMEM;

	json_object_foreach (object, name, value) {
		hash_words(key, name, strlen(name), words);
		if (!err && json_object_set(hashed, words, value))
			err = -ENOMEM;
	}
	if (!err && (json_object_clear(object) || json_object_update(object, hashed)))
		err = -ENOMEM;
	json_decref(hashed);
	return err;
}

static int redact_object(const struct siphash_key *key, const char *name, json_t *object)
{
	const char *own, *kind = json_string_value(json_object_get(object, "kind"));
	json_t *value, *instead;
	void *next;

	if (same_string(name, "ignored"))
		return redact_keys(key, object);
	if (same_string(name, "target") && same_string(kind, "lock"))
		name = LOCK;
	json_object_foreach_safe(object, next, own, value)
	{
		int err = redact_value(key, name, own, value, &instead);

		if (err || (instead && json_object_set_new(object, own, instead)))
			return -ENOMEM;
	}
	return 0;
}

int redact(const struct siphash_key *key, json_t *record)
{
	return redact_object(key, NULL, record);
}
