/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exposition.h - families and samples as OpenMetrics 1.0 or Prometheus' text format 0.0.4 writes them. */
#ifndef BLOCKPROF_WEB_EXPOSITION_H
#define BLOCKPROF_WEB_EXPOSITION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "web/label_sets.h"

struct exposition {
	FILE *out;
	bool openmetrics;
};

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_INFO };

struct metric {
	enum metric_type type;
	const char *name; /* without _total and _info */
	const char *unit; /* NULL: none */
	const char *help;
};

/* What stands before the samples of a family, which follow in one piece. */
void expose_family(const struct exposition *to, const struct metric *metric);
/*
 * "name_suffix{labels} "; suffix is "", or that of a part of a histogram; labels as
 * expose_labels() makes them. NULL, or "": none.
 */
void expose_name(const struct exposition *to, const struct metric *metric, const char *suffix,
		 const char *labels, const char *name, const char *value);
void expose_number(const struct exposition *to, uint64_t number);
void expose_seconds(const struct exposition *to, uint64_t ns);
/* Ends the sample. exemplar NULL: none. */
void expose_end(const struct exposition *to, const struct exemplar *exemplar);
void expose_eof(const struct exposition *to);
/* "name="value", escaped, after what is there. 0 or -ENOMEM. */
int expose_label(FILE *labels, const char *name, const char *value);

#endif
