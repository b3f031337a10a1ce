// SPDX-License-Identifier: GPL-2.0-or-later
/* exposition.c - where the two text formats of metrics differ. */
#include "web/exposition.h"

#include <errno.h>
#include <inttypes.h>

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

void expose_name(const struct exposition *to, const struct metric *metric, const char *suffix,
		 const char *labels, const char *name, const char *value)
{
	bool has_labels = labels && *labels;

	fputs(metric->name, to->out);
	fputs(own_suffix(metric), to->out);
	fputs(suffix, to->out);
	if (has_labels || name)
		fputc('{', to->out);
	if (has_labels)
		fputs(labels, to->out);
	if (name)
		fprintf(to->out, "%s%s=\"%s\"", has_labels ? "," : "", name, value);
	fputs(has_labels || name ? "} " : " ", to->out);
}

void expose_number(const struct exposition *to, uint64_t number)
{
	fprintf(to->out, "%" PRIu64, number);
}

void expose_seconds(const struct exposition *to, uint64_t ns)
{
	fprintf(to->out, "%" PRIu64 ".%09" PRIu64, ns / NS_PER_SEC, ns % NS_PER_SEC);
}

void expose_end(const struct exposition *to, const struct exemplar *exemplar)
{
	if (to->openmetrics && exemplar && exemplar->turn[0]) {
		fprintf(to->out, " # {turn=\"%s\"} ", exemplar->turn);
		expose_seconds(to, exemplar->ns);
		fputc(' ', to->out);
		expose_seconds(to, exemplar->time_ns);
	}
	fputc('\n', to->out);
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
