// SPDX-License-Identifier: GPL-2.0-or-later
/* part_options.c - what is said of times and expressions that are none, and of what a part cannot show. */
#include "cli/part_options.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/message.h"
#include "cli/usage.h"
#include "output/ignore.h"
#include "report/part.h"
#include "report/without.h"
#include "text/words.h"

#define WRITE_A "write a regular expression of PCRE2"

static int take_moment(const char *option, const char *value, struct moment *moment)
{
	if (!moment_parse(value, moment))
		return 0;
	message_error("cannot use %s '%s': it is no time; write 2024-05-01T12:00:00Z, 14:03, "
		      "14:03:22, or -15m",
		      option, value);
	return -EINVAL;
}

static int take_part(struct part *part, int option, const char *value)
{
	char reason[PATTERN_REASON_BYTES];
	struct moment moment = { 0 };
	int err;

	switch (option) {
	case OPTION_SINCE:
		err = take_moment("--since", value, &moment);
		part_since(part, moment);
		return err;
	case OPTION_UNTIL:
		err = take_moment("--until", value, &moment);
		part_until(part, moment);
		return err;
	default:
		err = part_loops(part, value, reason);
		if (err == -EINVAL)
			message_error("cannot use --loops '%s': %s; " WRITE_A, value, reason);
		return err;
	}
}

static int take_without(struct part_options *options, const char *value)
{
	char reason[PATTERN_REASON_BYTES];
	int err;

	if (!options->places && ignore_new(&options->places))
		return -ENOMEM;
	err = ignore_add(options->places, value, reason);
	if (err == -EINVAL)
		message_error("cannot use --without '%s': %s; " WRITE_A, value, reason);
	return err;
}

int part_take(struct part_options *options, int option, const char *value)
{
	if (option == OPTION_WITHOUT)
		return take_without(options, value);
	if (option != OPTION_SINCE && option != OPTION_UNTIL && option != OPTION_LOOPS)
		return USAGE_OTHER;
	if (!options->part && part_new(&options->part))
		return -ENOMEM;
	return take_part(options->part, option, value);
}

void part_options_free(struct part_options *options)
{
	without_free(options->without);
	ignore_free(options->places);
	part_free(options->part);
	*options = (struct part_options){ 0 };
}

int part_prepare(struct part_options *options, char *const *paths, size_t nr)
{
	uint64_t end_ns = 0;

	if (!options->part || !part_wants_end(options->part))
		return 0;
	for (size_t i = 0; i < nr; i++) {
		int err;

		if (!strcmp(paths[i], "-")) {
			message_error("cannot count from the end of standard input: it is read "
				      "once; give a file, or a time of day");
			return -EINVAL;
		}
		err = recording_end(paths[i], &end_ns);
		/* what is wrong with it is said when it is read */
		if (err && err != -EBADMSG)
			return 0;
	}
	part_end(options->part, end_ns);
	return 0;
}

const struct recording_reader *part_before(struct part_options *options,
					   const struct recording_reader *next)
{
	if (options->places) {
		if (!options->without && without_new(&options->without, options->places))
			return NULL;
		options->readers[0] = without_reader(options->without, next);
		next = &options->readers[0];
	}
	if (options->part) {
		options->readers[1] = part_reader(options->part, next);
		next = &options->readers[1];
	}
	return next;
}

static void report_without(const struct part_options *options)
{
	const struct without_result *result = without_result(options->without);
	char taken[DURATION_BYTES], shorter[DURATION_BYTES], placeless[DURATION_BYTES];
	char threshold[DURATION_BYTES];
	const char *unused;

	for (size_t i = 0; (unused = ignore_unused(options->places, i)); i++)
		message_note("--without '%s' matched nothing", unused);
	words_duration(result->taken_ns, taken);
	words_duration(result->shorter_ns, shorter);
	words_duration(result->placeless_ns, placeless);
	words_duration(result->threshold_ns, threshold);
	message_note("%" PRIu64 " of %" PRIu64 " stalls would have been none, and %s less in them; "
		     "shorter turns lost %s there",
		     result->gone, result->stalls, taken, shorter);
	if (result->has_seconds)
		message_note("not known: which turns under %s lost that time, so that they stay as "
			     "they were; percentiles within less than a factor of two; what would "
			     "have run instead, or later",
			     threshold);
	else
		message_note("not known: how long each turn under %s was, so that percentiles and "
			     "longest turns below that stay as they were; what would have run "
			     "instead, or later",
			     threshold);
	if (result->placeless_ns)
		message_note("not known: where %s of these stalls were, which stay", placeless);
	if (result->slices_cut)
		message_note("not known: %" PRIu64
			     " of the smallest slices, which the recording had no room for",
			     result->slices_cut);
}

void part_report(const struct part_options *options)
{
	if (options->part && part_has_cut(options->part))
		message_note("%s",
			     part_has_seconds(options->part)
				     ? "turns and idle time of a part of a recording are known to "
				       "the second, percentiles within a factor of two"
				     : "of a part of a recording without records of seconds "
				       "stalls and lost time are known; turns, idle time and "
				       "percentiles are not");
	if (options->without)
		report_without(options);
}
