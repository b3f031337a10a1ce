// SPDX-License-Identifier: GPL-2.0-or-later
/* patterns.c - how long an expression may be tried on a name before it is given up, alone and all together. */
#include "base/patterns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/clock.h"

/*
 * A step is what PCRE2's match limit counts: a point to come back to, some 30 ns.
 * A name takes an expression that is meant well some tens of them.
 */
#define STEPS_MAX      100000 /* for one expression on one name: 3 ms */
#define STEPS_ALL      20000000 /* for all of a set on one name: each has its part */
#define STEPS_LEAST    2000
#define STEPS_TIRED    500 /* where all that may be wasted is */
#define WASTED_MAX     5000000 /* by expressions that blew up: 150 ms, ... */
#define WASTED_PER_MS  330 /* ... and one percent of the time */
#define HEAP_KIB       1024
#define CODE_BYTES_MAX ((size_t)64 * 1024 * 1024) /* of all expressions, compiled */

struct pattern {
	pcre2_code *code;
	char *text;
	bool blown;
};

struct patterns {
	struct pattern *v;
	size_t nr;
	size_t capacity;
	size_t code_bytes;
	pcre2_match_context *context;
	pcre2_match_data *data; /* the same for all: it keeps its memory */
	uint64_t wasted; /* steps of attempts that were given up */
	uint64_t since_ns;
};

static void (*on_blown)(const char *text);

void patterns_on_blown(void (*blown)(const char *text))
{
	on_blown = blown;
}

int patterns_new(struct patterns **out)
{
	struct patterns *patterns = calloc(1, sizeof(*patterns));

	if (!patterns)
		return -ENOMEM;
	patterns->context = pcre2_match_context_create(NULL);
	patterns->data = pcre2_match_data_create(1, NULL);
	if (!patterns->context || !patterns->data) {
		patterns_free(patterns);
		return -ENOMEM;
	}
	pcre2_set_heap_limit(patterns->context, HEAP_KIB);
	patterns->since_ns = clock_now_ns();
	*out = patterns;
	return 0;
}

void patterns_free(struct patterns *patterns)
{
	if (!patterns)
		return;
	for (size_t i = 0; i < patterns->nr; i++) {
		pcre2_code_free(patterns->v[i].code);
		free(patterns->v[i].text);
	}
	free(patterns->v);
	pcre2_match_data_free(patterns->data);
	pcre2_match_context_free(patterns->context);
	free(patterns);
}

/* Compiled; NULL: it is no expression, and reason says why, or there is no memory, and it is "". */
static pcre2_code *compile(const char *text, char reason[PATTERN_REASON_BYTES])
{
	/* a name is one text, not lines */
	const uint32_t options = PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY;
	PCRE2_UCHAR message[PATTERN_REASON_BYTES - 32];
	PCRE2_SIZE offset;
	int error;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &error,
					 &offset, NULL);

	reason[0] = '\0';
	if (code || error == PCRE2_ERROR_NOMEMORY || error == PCRE2_ERROR_HEAP_FAILED)
		return code;
	pcre2_get_error_message(error, message, sizeof(message));
	snprintf(reason, PATTERN_REASON_BYTES, "%s at offset %zu", (const char *)message,
		 (size_t)offset);
	return NULL;
}

static int grow(struct patterns *patterns)
{
	size_t capacity = patterns->capacity ? 2 * patterns->capacity : 4;
	struct pattern *grown = reallocarray(patterns->v, capacity, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	patterns->v = grown;
	patterns->capacity = capacity;
	return 0;
}

int patterns_add(struct patterns *patterns, const char *text, char reason[PATTERN_REASON_BYTES])
{
	struct pattern pattern = { 0 };
	size_t bytes = 0;

	if (strlen(text) > PATTERN_BYTES_MAX) {
		snprintf(reason, PATTERN_REASON_BYTES, "it is longer than %d bytes",
			 PATTERN_BYTES_MAX);
		return -EINVAL;
	}
	if (patterns->nr == patterns->capacity && grow(patterns))
		return -ENOMEM;
	pattern.code = compile(text, reason);
	if (!pattern.code)
		return reason[0] ? -EINVAL : -ENOMEM;
	pcre2_pattern_info(pattern.code, PCRE2_INFO_SIZE, &bytes);
	if (bytes > CODE_BYTES_MAX - patterns->code_bytes) {
		pcre2_code_free(pattern.code);
		snprintf(reason, PATTERN_REASON_BYTES, "all of them together take too much memory");
		return -EINVAL;
	}
	pattern.text = strdup(text);
	if (!pattern.text) {
		pcre2_code_free(pattern.code);
		return -ENOMEM;
	}
	patterns->code_bytes += bytes;
	patterns->v[patterns->nr++] = pattern;
	return 0;
}

size_t patterns_nr(const struct patterns *patterns)
{
	return patterns->nr;
}

/* Whether all that may be wasted has been. */
static bool is_tired(const struct patterns *patterns)
{
	uint64_t passed_ms;

	if (patterns->wasted < WASTED_MAX)
		return false;
	passed_ms = (clock_now_ns() - patterns->since_ns) / NS_PER_MS;
	return patterns->wasted - WASTED_MAX >= passed_ms * WASTED_PER_MS;
}

static uint32_t steps_of(const struct patterns *patterns)
{
	uint64_t part = STEPS_ALL / patterns->nr;

	return part > STEPS_MAX ? STEPS_MAX : part < STEPS_LEAST ? STEPS_LEAST : (uint32_t)part;
}

bool patterns_match(struct patterns *patterns, size_t index, const char *subject)
{
	struct pattern *pattern = &patterns->v[index];
	bool tired = is_tired(patterns);
	uint32_t steps = tired ? STEPS_TIRED : steps_of(patterns);
	int found;

	if (!subject || (tired && pattern->blown))
		return false;
	pcre2_set_match_limit(patterns->context, steps);
	found = pcre2_match(pattern->code, (PCRE2_SPTR)subject,
			    strnlen(subject, PATTERN_SUBJECT_MAX), 0, 0, patterns->data,
			    patterns->context);
	if (found >= 0 || found == PCRE2_ERROR_NOMATCH)
		return found >= 0;
	patterns->wasted += steps;
	if (!pattern->blown && on_blown)
		on_blown(pattern->text);
	pattern->blown = true;
	return false;
}
