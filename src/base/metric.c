/* SPDX-License-Identifier: Apache-2.0 */
#include "base/metric.h"

static const struct {
	const char *type, *name, *help;
} row[METRIC_COUNT] = {
#define M(constant, type, name, help) [constant] = { #type, name, help },
	METRICS(M)
#undef M
};
static int64_t value[METRIC_COUNT];

void
metric_add(enum metric m, int64_t n)
{
	value[m] += n;
}

void
metric_set(enum metric m, int64_t v)
{
	value[m] = v;
}

int64_t
metric_get(enum metric m)
{
	return value[m];
}

const char *
metric_name(enum metric m)
{
	return row[m].name;
}

const char *
metric_help(enum metric m)
{
	return row[m].help;
}

const char *
metric_type(enum metric m)
{
	return row[m].type;
}
