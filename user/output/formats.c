// SPDX-License-Identifier: GPL-2.0-or-later
/* formats.c - the table of formats. */
#include "output/formats.h"

#include <stdio.h>
#include <string.h>

#include "base/strings.h"

static const struct output_format *const formats[] = {
	&output_text, &output_json,  &output_folded,   &output_html,
	&output_svg,  &output_pprof, &output_perfetto, &output_speedscope,
};
#define NR_FORMATS (sizeof(formats) / sizeof(formats[0]))

const struct output_format *output_format_at(size_t i)
{
	return i < NR_FORMATS ? formats[i] : NULL;
}

const struct output_format *output_format_by_name(const char *name)
{
	for (size_t i = 0; i < NR_FORMATS; i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}

const struct output_format *output_format_by_path(const char *path)
{
	const struct output_format *best = NULL;
	size_t best_length = 0;

	for (size_t i = 0; i < NR_FORMATS; i++) {
		for (const char *const *suffix = formats[i]->suffixes; *suffix; suffix++) {
			size_t own = strlen(*suffix);

			if (own > best_length && ends_with(path, *suffix)) {
				best = formats[i];
				best_length = own;
			}
		}
	}
	return best;
}

const char *output_format_names(bool of_dumps, char names[OUTPUT_NAMES_BYTES])
{
	size_t used = 0;

	names[0] = '\0';
	for (size_t i = 0; i < NR_FORMATS && used < OUTPUT_NAMES_BYTES; i++)
		if (!of_dumps || formats[i]->dump)
			used += (size_t)snprintf(names + used, OUTPUT_NAMES_BYTES - used, "%s%s",
						 used ? ", " : "", formats[i]->name);
	return names;
}
