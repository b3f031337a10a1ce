// SPDX-License-Identifier: GPL-2.0-or-later
/* exposition.c - where the two text formats of metrics differ, and samples by the ten thousand. */
#include "web/exposition.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/escape.h"

static const char *const type_names[] = {
	[METRIC_COUNTER] = "counter",
	[METRIC_GAUGE] = "gauge",
	[METRIC_HISTOGRAM] = "histogram",
	[METRIC_INFO] = "info",
};

/* That samples have, and in the older format their family, too. */
static const char *own_suffix(const struct metric *metric)
{
	switch (metric->type) {
	case METRIC_COUNTER:
		return "_total";
	case METRIC_INFO:
		return "_info";
	default:
		return "";
	}
}

void expose_family(const struct exposition *to, const struct metric *metric)
{
	const char *type = type_names[metric->type];
	const char *suffix = to->openmetrics ? "" : own_suffix(metric);

	if (!to->openmetrics && metric->type == METRIC_INFO)
		type = type_names[METRIC_GAUGE];
	fprintf(to->out, "# TYPE %s%s %s\n", metric->name, suffix, type);
	if (to->openmetrics && metric->unit)
		fprintf(to->out, "# UNIT %s %s\n", metric->name, metric->unit);
	fprintf(to->out, "# HELP %s%s %s\n", metric->name, suffix, metric->help);
}

static void put(const struct exposition *to, const char *text)
{
	fputs_unlocked(text, to->out);
}

/* With as many digits at least. */
static void put_number(const struct exposition *to, uint64_t number, unsigned int digits)
{
	char text[20];
	size_t at = sizeof(text);

	while (number || sizeof(text) - at < digits) {
		text[--at] = (char)('0' + number % 10);
		number /= 10;
	}
	fwrite_unlocked(text + at, 1, sizeof(text) - at, to->out);
}

void expose_name(const struct exposition *to, const struct metric *metric, const char *suffix,
		 const char *labels, const char *name, const char *value)
{
	bool has_labels = labels && *labels;

	put(to, metric->name);
	put(to, own_suffix(metric));
	put(to, suffix);
	if (has_labels || name)
		put(to, "{");
	if (has_labels)
		put(to, labels);
	if (name) {
		put(to, has_labels ? "," : "");
		put(to, name);
		put(to, "=\"");
		put(to, value);
		put(to, "\"");
	}
	put(to, has_labels || name ? "} " : " ");
}

void expose_number(const struct exposition *to, uint64_t number)
{
	put_number(to, number, 1);
}

void expose_seconds(const struct exposition *to, uint64_t ns)
{
	put_number(to, ns / NS_PER_SEC, 1);
	put(to, ".");
	put_number(to, ns % NS_PER_SEC, 9);
}

void expose_end(const struct exposition *to, const struct exemplar *exemplar)
{
	if (to->openmetrics && exemplar && exemplar->turn[0]) {
		put(to, " # {turn=\"");
		put(to, exemplar->turn);
		put(to, "\"} ");
		expose_seconds(to, exemplar->ns);
		put(to, " ");
		expose_seconds(to, exemplar->time_ns);
	}
	put(to, "\n");
}

void expose_eof(const struct exposition *to)
{
	if (to->openmetrics)
		fputs("# EOF\n", to->out);
}

int expose_label(FILE *labels, const char *name, const char *value)
{
	__freeing char *text = NULL;

	if (!value || !*value)
		return 0;
	/* no line ends are left, nor bytes that are no UTF-8 */
	text = escape_text(value);
	if (!text)
		return -ENOMEM;
	fprintf(labels, "%s%s=\"", ftell(labels) ? "," : "", name);
	for (const char *c = text; *c; c++) {
		if (*c == '"' || *c == '\\')
			fputc('\\', labels);
		fputc(*c, labels);
	}
	fputc('"', labels);
	return 0;
}
