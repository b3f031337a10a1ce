// SPDX-License-Identifier: GPL-2.0-or-later
/* serve_recorder.c - which options of serve are the recorder's, and what is said where it cannot record. */
#include "cli/serve_recorder.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "cli/message.h"

#define ROTATE_NS (3600 * NS_PER_SEC)

struct recorder_options serve_recorder_options(const struct serve_options *options)
{
	return (struct recorder_options){
		.directory = options->state_dir,
		.keep_bytes = options->keep_bytes,
		.rotate_ns = ROTATE_NS,
		.stalls_only = options->stalls_only,
		.all_threads = options->scope.all_threads,
		.match = options->choice.match,
		.ignore = options->choice.ignore,
	};
}

void serve_recorder_refused(const char *directory, int err)
{
	if (err == -EBUSY)
		message_error("cannot record in %s: another blockprof does; stop it, or give "
			      "another --state-dir",
			      directory);
	else if (err == -ENOTDIR || err == -ELOOP)
		message_error("cannot record in %s: it is no directory (links are not followed); "
			      "give another --state-dir",
			      directory);
	else
		message_error("cannot record in %s: %s; give a --state-dir that can be written",
			      directory, strerror(-err));
}

int serve_recorder_open(const struct serve_options *options, struct recorder **out)
{
	const struct recorder_options wanted = serve_recorder_options(options);
	int err = recorder_open(out, &wanted);

	if (err)
		serve_recorder_refused(options->state_dir, err);
	return err;
}

bool serve_recorder_is_full(int err)
{
	return err == -ENOSPC || err == -EDQUOT;
}
