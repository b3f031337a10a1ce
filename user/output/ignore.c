// SPDX-License-Identifier: GPL-2.0-or-later
/* ignore.c - which words of a stall a rule is tried on, and how a file of rules is written. */
#include "output/ignore.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/strings.h"
#include "model/place.h"

enum about {
	ABOUT_FUNCTION,
	ABOUT_FILE,
	ABOUT_TARGET,
	ABOUT_CAUSE,
	ABOUT_NR,
};

#define ABOUT_ALL ((1u << ABOUT_NR) - 1)

static const char *const prefixes[ABOUT_NR] = {
	[ABOUT_FUNCTION] = "fn:",
	[ABOUT_FILE] = "file:",
	[ABOUT_TARGET] = "target:",
	[ABOUT_CAUSE] = "cause:",
};

struct rule {
	char *text; /* as it was given */
	uint64_t hash;
	unsigned int abouts; /* a bit for each enum about that it is tried on */
	uint64_t count; /* stalls since ignore_take_counts() */
	bool used; /* ever, by one that lasts, too */
};

struct ignore {
	struct patterns *patterns; /* one for each rule */
	struct rule *rules;
	size_t nr;
	size_t capacity;
};

int ignore_new(struct ignore **out)
{
	struct ignore *ignore = calloc(1, sizeof(*ignore));

	if (!ignore)
		return -ENOMEM;
	if (patterns_new(&ignore->patterns)) {
		free(ignore);
		return -ENOMEM;
	}
	*out = ignore;
	return 0;
}

void ignore_free(struct ignore *ignore)
{
	if (!ignore)
		return;
	for (size_t i = 0; i < ignore->nr; i++)
		free(ignore->rules[i].text);
	free(ignore->rules);
	patterns_free(ignore->patterns);
	free(ignore);
}

/* -- rules -- */

/* What a rule is about; *expression is what stands behind its prefix. */
static unsigned int abouts_of(const char *text, const char **expression)
{
	*expression = text;
	for (unsigned int about = 0; about < ABOUT_NR; about++) {
		if (!starts_with(text, prefixes[about]))
			continue;
		*expression = text + strlen(prefixes[about]);
		return 1u << about;
	}
	return ABOUT_ALL;
}

static bool is_known(const struct ignore *ignore, const char *text, uint64_t hash)
{
	for (size_t i = 0; i < ignore->nr; i++)
		if (ignore->rules[i].hash == hash && !strcmp(ignore->rules[i].text, text))
			return true;
	return false;
}

static int grow(struct ignore *ignore)
{
	size_t capacity = ignore->capacity ? 2 * ignore->capacity : 4;
	struct rule *grown = reallocarray(ignore->rules, capacity, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	ignore->rules = grown;
	ignore->capacity = capacity;
	return 0;
}

static int refuse(char reason[PATTERN_REASON_BYTES], const char *why)
{
	snprintf(reason, PATTERN_REASON_BYTES, "%s", why);
	return -EINVAL;
}

int ignore_add(struct ignore *ignore, const char *text, char reason[PATTERN_REASON_BYTES])
{
	struct rule rule = { .hash = hash_bytes(HASH_START, text, strlen(text)) };
	const char *expression;
	int err;

	rule.abouts = abouts_of(text, &expression);
	if (!*expression)
		return refuse(reason, "it is empty, and would ignore everything");
	if (is_known(ignore, text, rule.hash))
		return 0;
	if (ignore->nr == IGNORE_RULES_MAX)
		return refuse(reason, "there are too many rules");
	if (ignore->nr == ignore->capacity && grow(ignore))
		return -ENOMEM;
	rule.text = strdup(text);
	err = rule.text ? patterns_add(ignore->patterns, expression, reason) : -ENOMEM;
	if (err) {
		free(rule.text);
		return err;
	}
	ignore->rules[ignore->nr++] = rule;
	return 0;
}

/* -- files -- */

/* The rule in a line: without the comment, and the blanks around it. "": there is none. */
static char *rule_in(char *line)
{
	char *end;

	for (char *at = line; (at = strchr(at, '#')); at++) {
		if (at != line && !isspace((unsigned char)at[-1]))
			continue;
		*at = '\0';
		break;
	}
	line += strspn(line, " \t\r\n\v\f");
	for (end = line + strlen(line); end > line && isspace((unsigned char)end[-1]); end--)
		end[-1] = '\0';
	return line;
}

static int add_lines(struct ignore *ignore, FILE *file, struct ignore_error *error)
{
	__freeing char *line = NULL;
	size_t size = 0, bytes = 0;
	ssize_t length;
	int err = 0;

	while (!err && (length = getline(&line, &size, file)) >= 0) {
		char *rule;

		error->line++;
		bytes += (size_t)length;
		if (bytes > IGNORE_FILE_BYTES_MAX)
			return refuse(error->reason, "the file is too long");
		if (strlen(line) != (size_t)length)
			return refuse(error->reason, "it holds a zero byte");
		rule = rule_in(line);
		if (*rule)
			err = ignore_add(ignore, rule, error->reason);
		if (err)
			snprintf(error->text, sizeof(error->text), "%s", rule);
	}
	return err ? err : ferror(file) ? -EIO : 0;
}

int ignore_add_file(struct ignore *ignore, const char *path, struct ignore_error *error)
{
	FILE *file = fopen(path, "re");
	int err;

	*error = (struct ignore_error){ 0 };
	if (!file)
		return -errno;
	/* of a directory, and the like, the reason is that of the first read */
	errno = 0;
	err = add_lines(ignore, file, error);
	if (err == -EIO && errno)
		err = -errno;
	fclose(file);
	return err;
}

/* -- stalls -- */

#define WORDS_MAX 10

/* What rules are tried on. */
struct words {
	struct {
		enum about about;
		const char *text;
	} v[WORDS_MAX];
	size_t nr;
};

static void add_word(struct words *words, enum about about, const char *text)
{
	if (!text || words->nr == WORDS_MAX)
		return;
	words->v[words->nr].about = about;
	words->v[words->nr++].text = text;
}

/* The names of what was waited for, and not of our own end of it. */
static void add_target(struct words *words, const struct target *target)
{
	add_word(words, ABOUT_TARGET, target->path);
	add_word(words, ABOUT_TARGET, target->peer);
	add_word(words, ABOUT_TARGET, target->peer_comm);
	add_word(words, ABOUT_TARGET, target->comm);
	add_word(words, ABOUT_TARGET, target->name);
	add_word(words, ABOUT_TARGET, target->server);
}

static void words_of(struct words *words, const struct stall_record *stall)
{
	const struct slice *slice = stall_verdict(stall), *placed = stall_place(stall);
	const struct frame *place = placed ? place_of(placed->stack) : NULL;

	words->nr = 0;
	add_word(words, ABOUT_CAUSE, cause_name(stall->cause));
	if (place) {
		add_word(words, ABOUT_FUNCTION, place->fn);
		add_word(words, ABOUT_FILE, place->file);
		add_word(words, ABOUT_FILE, place->module);
	}
	if (slice)
		add_target(words, &slice->target);
}

/* Whether a rule about this fits the text. */
static bool fits(struct ignore *ignore, size_t rule, enum about about, const char *text)
{
	if (!(ignore->rules[rule].abouts & 1u << about) ||
	    !patterns_match(ignore->patterns, rule, text))
		return false;
	ignore->rules[rule].used = true;
	return true;
}

bool ignore_stall(struct ignore *ignore, const struct stall_record *stall)
{
	struct words words;

	if (!ignore)
		return false;
	words_of(&words, stall);
	for (size_t i = 0; i < ignore->nr; i++) {
		for (size_t word = 0; word < words.nr; word++) {
			if (!fits(ignore, i, words.v[word].about, words.v[word].text))
				continue;
			ignore->rules[i].count += !stall->ongoing;
			return true;
		}
	}
	return false;
}

#define FRAMES_MAX 256

bool ignore_slice(struct ignore *ignore, const struct slice *slice)
{
	unsigned int at[FRAMES_MAX], nr = 0;
	struct words words = { .nr = 0 };

	add_word(&words, ABOUT_CAUSE, cause_name(slice->cause));
	add_target(&words, &slice->target);
	if (slice->stack)
		nr = place_frames(slice->stack, at, FRAMES_MAX);
	for (size_t rule = 0; rule < ignore->nr; rule++) {
		for (size_t word = 0; word < words.nr; word++)
			if (fits(ignore, rule, words.v[word].about, words.v[word].text))
				return true;
		for (unsigned int i = 0; i < nr; i++) {
			const struct frame *frame = &slice->stack->frames[at[i]];

			if (fits(ignore, rule, ABOUT_FUNCTION, frame->fn) ||
			    fits(ignore, rule, ABOUT_FILE, frame->file) ||
			    fits(ignore, rule, ABOUT_FILE, frame->module))
				return true;
		}
	}
	return false;
}

int ignore_take_counts(struct ignore *ignore, struct name_count **out, size_t *nr)
{
	size_t counted = 0;

	for (size_t i = 0; ignore && i < ignore->nr; i++)
		counted += ignore->rules[i].count > 0;
	*nr = 0;
	*out = calloc(counted ? counted : 1, sizeof((*out)[0]));
	if (!*out)
		return -ENOMEM;
	for (size_t i = 0; counted && i < ignore->nr; i++) {
		struct rule *rule = &ignore->rules[i];

		if (!rule->count)
			continue;
		(*out)[(*nr)++] = (struct name_count){ rule->text, rule->count };
		rule->count = 0;
	}
	return 0;
}

const char *ignore_unused(const struct ignore *ignore, size_t nth)
{
	for (size_t i = 0; ignore && i < ignore->nr; i++)
		if (!ignore->rules[i].used && !nth--)
			return ignore->rules[i].text;
	return NULL;
}
