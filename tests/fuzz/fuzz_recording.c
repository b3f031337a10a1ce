// SPDX-License-Identifier: GPL-2.0-or-later
/* A recording as `report` reads it, rendered in one of the formats. */
#include <fcntl.h>
#include <stdio.h>

#include "output/output.h"
#include "recording/recording.h"
#include "tests/fuzz/fuzz.h"
#include "tests/reader_to.h"

static void render(const char *path, const char *format)
{
	static const struct output_options options;
	struct recording_reader reader;
	struct recording_result result;
	struct output *output;
	const struct output_file file = { open("/dev/null", O_WRONLY | O_CLOEXEC), "/dev/null" };

	if (output_open_file(&output, output_format_by_name(format), &file, &options))
		abort();
	reader = reader_to(output);
	recording_read(path, &reader, &result);
	output_close(output);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const formats[] = { "text",	"json",	    "folded",	  "svg",
					       "pprof", "perfetto", "speedscope", "html" };
	int fd = fuzz_file(data, size);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	render(path, formats[size % 8]);
	close(fd);
	return 0;
}
