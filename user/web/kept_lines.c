// SPDX-License-Identifier: GPL-2.0-or-later
/* kept_lines.c - which line goes when there is no room for another one. */
#include "web/kept_lines.h"

#include <errno.h>
#include <stdlib.h>

struct kept_lines {
	struct line *v; /* a ring */
	size_t max;
	size_t nr;
	size_t next;
	size_t bytes, bytes_max;
	uint64_t missing_ns;
};

int kept_lines_new(struct kept_lines **out, size_t max, size_t bytes)
{
	struct kept_lines *kept = calloc(1, sizeof(*kept));

	*out = kept;
	if (!kept)
		return -ENOMEM;
	kept->max = max;
	kept->bytes_max = bytes;
	kept->v = calloc(max, sizeof(kept->v[0]));
	return kept->v ? 0 : -ENOMEM;
}

size_t kept_lines_nr(const struct kept_lines *kept)
{
	return kept->nr;
}

const struct line *kept_lines_at(const struct kept_lines *kept, size_t at)
{
	return &kept->v[(kept->next + kept->max - 1 - at) % kept->max];
}

static void miss(struct kept_lines *kept, uint64_t end_ns)
{
	if (end_ns > kept->missing_ns)
		kept->missing_ns = end_ns;
}

static void drop_oldest(struct kept_lines *kept)
{
	struct line *line = (struct line *)kept_lines_at(kept, kept->nr - 1);

	miss(kept, line->end_ns);
	kept->bytes -= line->bytes;
	free(line->text);
	*line = (struct line){ 0 };
	kept->nr--;
}

void kept_lines_free(struct kept_lines *kept)
{
	if (!kept)
		return;
	while (kept->nr)
		drop_oldest(kept);
	free(kept->v);
	free(kept);
}

void kept_lines_add(struct kept_lines *kept, const struct line *line)
{
	if (!line->text || line->bytes > kept->bytes_max) {
		miss(kept, line->end_ns);
		free(line->text);
		return;
	}
	while (kept->nr == kept->max || kept->bytes + line->bytes > kept->bytes_max)
		drop_oldest(kept);
	kept->v[kept->next] = *line;
	kept->next = (kept->next + 1) % kept->max;
	kept->nr++;
	kept->bytes += line->bytes;
}

void kept_lines_write(const struct kept_lines *kept, FILE *out, uint64_t since_ns)
{
	for (size_t i = kept->nr; i-- > 0;) {
		const struct line *line = kept_lines_at(kept, i);

		if (line->end_ns >= since_ns)
			fwrite(line->text, 1, line->bytes, out);
	}
}

uint64_t kept_lines_missing_ns(const struct kept_lines *kept)
{
	return kept->missing_ns;
}
