// SPDX-License-Identifier: GPL-2.0-or-later
/* self.c - where the kernel says what this process takes. */
#include "web/self.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"

struct self {
	uint64_t virtual_bytes;
	uint64_t resident_bytes;
	uint64_t started_ns; /* CLOCK_REALTIME */
	uint64_t open_fds;
};

static void read_stat(struct self *self)
{
	unsigned long long started = 0, bytes = 0;
	FILE *file = fopen("/proc/self/stat", "re");
	char line[1024] = "", *rest;
	long pages = 0, hertz = sysconf(_SC_CLK_TCK);

	if (!file)
		return;
	rest = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	fclose(file);
	/* proc(5): starttime, vsize and rss are 22 to 24 */
	if (!rest || sscanf(rest,
			    ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			    "%*d %*d %llu %llu %ld",
			    &started, &bytes, &pages) != 3)
		return;
	self->virtual_bytes = bytes;
	self->resident_bytes = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
	self->started_ns = clock_read_ns(CLOCK_REALTIME) - clock_read_ns(CLOCK_BOOTTIME) +
			   started * (NS_PER_SEC / (uint64_t)hertz);
}

static void count_fds(struct self *self)
{
	DIR *directory = opendir("/proc/self/fd");

	if (!directory)
		return;
	while (readdir(directory))
		self->open_fds++;
	closedir(directory);
	/* without ".", ".." and its own */
	self->open_fds -= self->open_fds < 3 ? self->open_fds : 3;
}

static void write_gauge(const struct exposition *to, const struct metric *metric, uint64_t number)
{
	expose_family(to, metric);
	expose_name(to, metric, "", NULL, NULL, NULL);
	expose_number(to, number);
	expose_end(to, NULL);
}

static void write_seconds(const struct exposition *to, const struct metric *metric, uint64_t ns)
{
	expose_family(to, metric);
	expose_name(to, metric, "", NULL, NULL, NULL);
	expose_seconds(to, ns);
	expose_end(to, NULL);
}

static const struct metric cpu = { METRIC_COUNTER, "process_cpu_seconds", "seconds",
				   "CPU time of this process, without its children." };
static const struct metric start = { METRIC_GAUGE, "process_start_time_seconds", "seconds",
				     "When this process began, in seconds since 1970." };

static const struct metric resident = { METRIC_GAUGE, "process_resident_memory_bytes", "bytes",
					"Memory that this process has." };
static const struct metric virtual = { METRIC_GAUGE, "process_virtual_memory_bytes", "bytes",
				       "Address space that this process has." };
static const struct metric open_fds = { METRIC_GAUGE, "process_open_fds", "fds",
					"Descriptors that this process has open." };
static const struct metric max_fds = { METRIC_GAUGE, "process_max_fds", "fds",
				       "Descriptors that it may have." };

void self_write(const struct exposition *to)
{
	struct self self = { 0 };
	struct rlimit files = { 0 };

	read_stat(&self);
	count_fds(&self);
	getrlimit(RLIMIT_NOFILE, &files);
	write_seconds(to, &cpu, clock_read_ns(CLOCK_PROCESS_CPUTIME_ID));
	write_seconds(to, &start, self.started_ns);
	write_gauge(to, &resident, self.resident_bytes);
	write_gauge(to, &virtual, self.virtual_bytes);
	write_gauge(to, &open_fds, self.open_fds);
	write_gauge(to, &max_fds, (uint64_t)files.rlim_cur);
}
