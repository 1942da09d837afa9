/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters and gauges of this process, one table (metric.c): name, help. Only sums, never a phone,
 * a text or an id; the admin listener prints them in the Prometheus text format.
 */
#pragma once
#include <stdint.h>

#include "base/metric_names.h"

void metric_add(enum metric m, int64_t n);
void metric_set(enum metric m, int64_t v);	/* gauges */
int64_t metric_get(enum metric m);
const char *metric_name(enum metric m);
const char *metric_help(enum metric m);
const char *metric_type(enum metric m);		/* "counter" or "gauge" */
