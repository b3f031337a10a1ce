// SPDX-License-Identifier: GPL-2.0-or-later
/* choice_options.c - what is said of expressions that are none, that blow up, or that matched nothing. */
#include "cli/choice_options.h"

#include <errno.h>
#include <string.h>

#include "cli/message.h"
#include "cli/usage.h"
#include "output/ignore.h"
#include "output/match.h"

#define UNUSED_NAMED 10
#define WRITE_A	     "write a regular expression of PCRE2"

/* The last one that is given counts. */
static int take_match(struct choice *choice, const char *pattern)
{
	char reason[PATTERN_REASON_BYTES];
	int err;

	match_free(choice->match);
	choice->match = NULL;
	err = match_new(&choice->match, pattern, reason);
	if (err == -EINVAL)
		message_error("cannot use --match '%s': %s; " WRITE_A, pattern, reason);
	return err;
}

static int take_ignore(struct ignore *ignore, const char *rule)
{
	char reason[PATTERN_REASON_BYTES];
	int err = ignore_add(ignore, rule, reason);

	if (err == -EINVAL)
		message_error("cannot use --ignore '%s': %s; " WRITE_A, rule, reason);
	return err;
}

static int take_ignore_file(struct ignore *ignore, const char *path)
{
	struct ignore_error error;
	int err = ignore_add_file(ignore, path, &error);

	if (err == -EINVAL)
		message_error("cannot use line %zu of %s, '%s': %s; " WRITE_A, error.line, path,
			      error.text, error.reason);
	else if (err && err != -ENOMEM)
		message_error("cannot read the rules of --ignore-file %s: %s; give a file that "
			      "can be read",
			      path, strerror(-err));
	return err;
}

int choice_take(struct choice *choice, int option, const char *value)
{
	bool rules = option == OPTION_IGNORE || option == OPTION_IGNORE_FILE;

	if (rules && !choice->ignore && ignore_new(&choice->ignore))
		return -ENOMEM;
	switch (option) {
	case OPTION_MATCH:
		return take_match(choice, value);
	case OPTION_IGNORE:
		return take_ignore(choice->ignore, value);
	case OPTION_IGNORE_FILE:
		return take_ignore_file(choice->ignore, value);
	case OPTION_ADVICE:
		choice->no_advice = false;
		return 0;
	case OPTION_NO_ADVICE:
		choice->no_advice = true;
		return 0;
	default:
		return USAGE_OTHER;
	}
}

void choice_free(struct choice *choice)
{
	match_free(choice->match);
	ignore_free(choice->ignore);
	*choice = (struct choice){ 0 };
}

void choice_report_unused(const struct choice *choice)
{
	const char *rule;
	size_t nr = 0;

	while ((rule = ignore_unused(choice->ignore, nr)) && nr < UNUSED_NAMED) {
		message_note("--ignore '%s' matched nothing", rule);
		nr++;
	}
	if (!rule)
		return;
	while (ignore_unused(choice->ignore, nr))
		nr++;
	message_note("%zu more rules of --ignore matched nothing", nr - UNUSED_NAMED);
}
