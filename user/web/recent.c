// SPDX-License-Identifier: GPL-2.0-or-later
/* recent.c - which stalls are still there. */
#include "web/recent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "recording/encode.h"
#include "web/kept_lines.h"

struct lasting {
	char turn[sizeof(((struct stall_record *)NULL)->turn)];
	char *text; /* of its last report; NULL: it is free */
	size_t bytes;
};

struct recent {
	struct kept_lines *ended;
	struct lasting lasting[LASTING_MAX];
	size_t lasting_bytes;
	uint64_t more[MORE_LASTING_MAX]; /* hashes of their turns' names */
	size_t nr_more;
};

int recent_new(struct recent **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? kept_lines_new(&(*out)->ended, WEB_STALLS_MAX, RECENT_BYTES) : -ENOMEM;
}

static void forget(struct recent *recent, struct lasting *lasting)
{
	recent->lasting_bytes -= lasting->bytes;
	free(lasting->text);
	*lasting = (struct lasting){ 0 };
}

void recent_free(struct recent *recent)
{
	if (!recent)
		return;
	for (size_t i = 0; i < LASTING_MAX; i++)
		forget(recent, &recent->lasting[i]);
	kept_lines_free(recent->ended);
	free(recent);
}

/* "": one that is free. NULL: there is none. */
static struct lasting *find(struct recent *recent, const char *turn)
{
	for (size_t i = 0; i < LASTING_MAX; i++)
		if (!strcmp(recent->lasting[i].turn, turn))
			return &recent->lasting[i];
	return NULL;
}

static void forget_turn(struct recent *recent, const char *turn)
{
	struct lasting *lasting = *turn ? find(recent, turn) : NULL;
	uint64_t hash = hash_bytes(HASH_START, turn, strlen(turn));

	if (lasting)
		forget(recent, lasting);
	for (size_t i = 0; i < recent->nr_more; i++) {
		if (recent->more[i] != hash)
			continue;
		recent->more[i] = recent->more[--recent->nr_more];
		break;
	}
}

static void count_more(struct recent *recent, const char *turn)
{
	if (recent->nr_more < MORE_LASTING_MAX)
		recent->more[recent->nr_more++] = hash_bytes(HASH_START, turn, strlen(turn));
}

static void keep_lasting(struct recent *recent, const struct stall_record *stall)
{
	struct lasting *lasting, kept = { 0 };

	forget_turn(recent, stall->turn);
	if (!*stall->turn)
		return;
	lasting = find(recent, "");
	kept.text = lasting ? encode_stall_line(stall) : NULL;
	kept.bytes = kept.text ? strlen(kept.text) : 0;
	if (!kept.text || recent->lasting_bytes + kept.bytes > LASTING_BYTES) {
		free(kept.text);
		count_more(recent, stall->turn);
		return;
	}
	memcpy(kept.turn, stall->turn, sizeof(kept.turn));
	*lasting = kept;
	recent->lasting_bytes += kept.bytes;
}

void recent_stall(struct recent *recent, const struct stall_record *stall)
{
	struct line line = {
		.begin_ns = stall->time_ns,
		.end_ns = add_saturated(stall->time_ns, stall->duration_ns),
	};

	if (stall->ongoing) {
		keep_lasting(recent, stall);
		return;
	}
	forget_turn(recent, stall->turn);
	line.text = encode_stall_line(stall);
	line.bytes = line.text ? strlen(line.text) : 0;
	kept_lines_add(recent->ended, &line);
}

void recent_withdrawn(struct recent *recent, const struct withdrawn_record *withdrawn)
{
	forget_turn(recent, withdrawn->turn);
}

int recent_write(const struct recent *recent, FILE *out, uint64_t limit, uint64_t since_ns)
{
	for (size_t i = 0; i < kept_lines_nr(recent->ended) && limit; i++) {
		const struct line *line = kept_lines_at(recent->ended, i);

		/* they are in the order of their ends */
		if (line->begin_ns < since_ns)
			continue;
		fwrite(line->text, 1, line->bytes, out);
		limit--;
	}
	return ferror(out) ? -EIO : 0;
}

void recent_write_all(const struct recent *recent, FILE *out, uint64_t since_ns)
{
	kept_lines_write(recent->ended, out, since_ns);
	for (size_t i = 0; i < LASTING_MAX; i++)
		if (recent->lasting[i].text)
			fwrite(recent->lasting[i].text, 1, recent->lasting[i].bytes, out);
}

size_t recent_more_lasting(const struct recent *recent)
{
	return recent->nr_more;
}

uint64_t recent_missing_ns(const struct recent *recent)
{
	return kept_lines_missing_ns(recent->ended);
}
