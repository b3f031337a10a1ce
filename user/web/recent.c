// SPDX-License-Identifier: GPL-2.0-or-later
/* recent.c - which stalls are still there. */
#include "web/recent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recording/encode.h"

struct line {
	char *text;
	size_t bytes;
	uint64_t time_ns;
};

struct recent {
	struct line v[WEB_STALLS_MAX]; /* a ring */
	size_t nr;
	size_t next;
	size_t bytes;
};

int recent_new(struct recent **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

static struct line *nth_newest(const struct recent *recent, size_t n)
{
	return (struct line *)&recent->v[(recent->next + WEB_STALLS_MAX - 1 - n) % WEB_STALLS_MAX];
}

static void drop_oldest(struct recent *recent)
{
	struct line *line = nth_newest(recent, recent->nr - 1);

	recent->bytes -= line->bytes;
	free(line->text);
	*line = (struct line){ 0 };
	recent->nr--;
}

void recent_free(struct recent *recent)
{
	while (recent && recent->nr)
		drop_oldest(recent);
	free(recent);
}

void recent_stall(struct recent *recent, const struct stall_record *stall)
{
	struct line line = { .time_ns = stall->time_ns };

	if (stall->ongoing)
		return;
	line.text = encode_stall_line(stall);
	if (!line.text)
		return;
	line.bytes = strlen(line.text);
	while (recent->nr &&
	       (recent->nr == WEB_STALLS_MAX || recent->bytes + line.bytes > RECENT_BYTES))
		drop_oldest(recent);
	recent->v[recent->next] = line;
	recent->next = (recent->next + 1) % WEB_STALLS_MAX;
	recent->nr++;
	recent->bytes += line.bytes;
}

int recent_write(const struct recent *recent, FILE *out, uint64_t limit, uint64_t since_ns)
{
	for (size_t i = 0; i < recent->nr && limit; i++) {
		const struct line *line = nth_newest(recent, i);

		/* they are in the order of their ends */
		if (line->time_ns < since_ns)
			continue;
		fwrite(line->text, 1, line->bytes, out);
		limit--;
	}
	return ferror(out) ? -EIO : 0;
}
