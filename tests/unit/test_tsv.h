/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a table in tests/data. Unit tests run in the folder of the source (tests/unit/run). */
#pragma once
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define TSV_FIELDS 8

struct tsv {
	FILE *f;
	char line[2048];
	char *field[TSV_FIELDS];	/* "" beyond the last */
	int rows;			/* read so far, without the head */
};

/* Opens tests/data/NAME and skips its head row; a table that is not there ends the test. */
static inline void
tsv_open(struct tsv *t, const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "tests/data/%s", name);
	t->f = fopen(path, "r");
	t->rows = 0;
	if (t->f == NULL || fgets(t->line, sizeof t->line, t->f) == NULL) {
		perror(path);
		abort();
	}
}

/* The next row; after the last one the file is closed. */
static inline bool
tsv_next(struct tsv *t)
{
	char *at = t->line;

	if (fgets(t->line, sizeof t->line, t->f) == NULL) {
		fclose(t->f);
		return false;
	}
	t->line[strcspn(t->line, "\n")] = '\0';
	for (size_t i = 0; i < TSV_FIELDS; i++) {
		char *field = strsep(&at, "\t");

		t->field[i] = field != NULL ? field : t->line + strlen(t->line);
	}
	t->rows++;
	return true;
}
