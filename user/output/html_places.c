// SPDX-License-Identifier: GPL-2.0-or-later
/* html_places.c - which stalls are of one row of a page's table, and what of them it shows. */
#include "output/html_places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "output/html_words.h"
#include "output/keys.h"

#define PLACES_MAX 4096 /* further ones are one */

struct html_places {
	struct keys *keys; /* place and cause: its number is the row's */
	size_t room; /* of keys, whose number and length are bounded */
	struct html_place *v;
	size_t nr;
	size_t capacity;
};

int html_places_new(struct html_places **out)
{
	struct html_places *places = calloc(1, sizeof(*places));

	if (!places)
		return -ENOMEM;
	places->room = SIZE_MAX;
	if (keys_new(&places->keys, PLACES_MAX, &places->room)) {
		free(places);
		return -ENOMEM;
	}
	*out = places;
	return 0;
}

void html_places_free(struct html_places *places)
{
	if (!places)
		return;
	for (size_t i = 0; i < places->nr; i++) {
		struct html_place *place = &places->v[i];

		free(place->name);
		free(place->target);
		free(place->culprit);
		free(place->advice);
		for (size_t j = 0; j < place->nr_tasks; j++)
			free(place->tasks[j]);
	}
	free(places->v);
	keys_free(places->keys);
	free(places);
}

size_t html_places_bytes(const struct html_places *places)
{
	return places->capacity * sizeof(places->v[0]) + 2 * keys_bytes(places->keys);
}

static int append(struct html_places *places, const char *name, enum cause cause)
{
	struct html_place *place;

	if (places->nr == places->capacity) {
		size_t capacity = places->capacity ? 2 * places->capacity : 16;
		struct html_place *grown = reallocarray(places->v, capacity, sizeof(grown[0]));

		if (!grown)
			return -ENOMEM;
		places->v = grown;
		places->capacity = capacity;
	}
	place = &places->v[places->nr];
	*place = (struct html_place){ .cause = cause };
	place->name = strdup(places->nr < PLACES_MAX ? name : "(other places)");
	if (!place->name)
		return -ENOMEM;
	places->nr++;
	return 0;
}

/* NULL: no memory. */
static struct html_place *find(struct html_places *places, const char *name, enum cause cause)
{
	__freeing char *key = NULL;
	uint32_t number;
	int size = asprintf(&key, "%s\n%s", cause_name(cause), name), err;

	if (size < 0) {
		key = NULL;
		return NULL;
	}
	err = keys_add(places->keys, key, (size_t)size + 1, &number);
	if (err == -ENOSPC) {
		number = PLACES_MAX;
		err = 0;
	}
	if (!err && number >= places->nr)
		err = append(places, name, cause);
	return err ? NULL : &places->v[number];
}

static int add_task(struct html_place *place, const struct slice *slice)
{
	const char *name = slice->task_name ? slice->task_name : slice->task_coro;
	char *text;

	if (!name || place->more_tasks)
		return 0;
	text = html_escape(name);
	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < place->nr_tasks; i++) {
		if (strcmp(place->tasks[i], text) == 0) {
			free(text);
			return 0;
		}
	}
	if (place->nr_tasks < HTML_TASKS_SHOWN) {
		place->tasks[place->nr_tasks++] = text;
		return 0;
	}
	free(text);
	place->more_tasks = true;
	return 0;
}

static int replace(char **text, char *with)
{
	free(*text);
	*text = with;
	return with ? 0 : -ENOMEM;
}

static int add(struct html_place *place, const struct groups *groups)
{
	const struct stall_record *stall = groups->stall;
	const struct slice *verdict = groups->verdict ? groups->verdict->largest : NULL;
	int err = 0;

	place->ns = add_saturated(place->ns, stall->duration_ns);
	place->stalls++;
	place->doubtful += stall->doubt != DOUBT_NONE;
	if (stall->duration_ns > place->longest_ns || !place->target) {
		place->longest_ns = stall->duration_ns;
		err = replace(&place->target, html_target(verdict));
		err = err ? err : replace(&place->culprit, html_culprit(verdict));
	}
	if (!err && stall->advice && !place->advice)
		err = replace(&place->advice, html_escape(stall->advice));
	for (size_t i = 0; groups->place && i < groups->place->nr && !err; i++)
		err = add_task(place, groups->place->slices[i]);
	return err;
}

int html_places_add(struct html_places *places, const struct stall_record *stall)
{
	struct groups groups;
	int err = groups_make(&groups, stall, false);
	__freeing char *name = err ? NULL : html_place(&groups);
	struct html_place *place = name ? find(places, name, stall->cause) : NULL;

	err = place ? add(place, &groups) : -ENOMEM;
	groups_free(&groups);
	return err;
}

static int compare_times(const void *left, const void *right)
{
	const struct html_place *a = left, *b = right;

	if (a->ns != b->ns)
		return compare_numbers(b->ns, a->ns);
	return strcmp(a->name, b->name);
}

void html_places_sort(struct html_places *places)
{
	if (places->nr)
		qsort(places->v, places->nr, sizeof(places->v[0]), compare_times);
}

size_t html_places_nr(const struct html_places *places)
{
	return places->nr;
}

const struct html_place *html_places_at(const struct html_places *places, size_t at)
{
	return &places->v[at];
}
