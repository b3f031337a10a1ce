/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording as `report` reads it, rendered in one of the formats. */
#include <fcntl.h>
#include <stdio.h>

#include "output/output.h"
#include "output/recording.h"
#include "tests/fuzz/fuzz.h"

static void to_start(void *output, const struct start_record *record)
{
	output_start(output, record);
}

static void to_loop(void *output, const struct loop_record *record)
{
	output_loop(output, record);
}

static void to_stall(void *output, const struct stall_record *record)
{
	output_stall(output, record);
}

static void to_blocked(void *output, const struct blocked_record *record)
{
	output_blocked(output, record);
}

static void to_exit(void *output, const struct exit_record *record)
{
	output_exit(output, record);
}

static void to_note(void *output, const struct note_record *record)
{
	output_note(output, record);
}

static void to_summary(void *output, const struct summary_record *record)
{
	output_summary(output, record);
}

static void render(const char *path, const char *format)
{
	static const struct output_options options;
	struct recording_reader reader = {
		.start = to_start,
		.loop = to_loop,
		.stall = to_stall,
		.blocked = to_blocked,
		.exit = to_exit,
		.note = to_note,
		.summary = to_summary,
	};
	struct recording_result result;
	struct output *output;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (output_open_fd(&output, output_format_by_name(format), null, "/dev/null", &options))
		abort();
	reader.context = output;
	recording_read(path, &reader, &result);
	output_close(output);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const formats[] = { "text", "json", "folded" };
	int fd = fuzz_file(data, size);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	render(path, formats[size % 3]);
	close(fd);
	return 0;
}
