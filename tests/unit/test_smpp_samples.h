/* SPDX-License-Identifier: Apache-2.0 */
/* The PDUs of tests/data/smpp and their table. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/smpp_pdu.h"
#include "test_tsv.h"

struct sample {
	char name[80], direction[8], verdict[16];
	unsigned char p[512];
	size_t len;
};

static struct sample samples[100];
static size_t samples_n;

static inline int
load_samples(void **state)
{
	struct tsv t;

	(void)state;
	tsv_open(&t, "smpp/MANIFEST.tsv");
	while (tsv_next(&t)) {
		struct sample *s = &samples[samples_n++];
		char path[256], hex[1100];
		FILE *f;

		assert_in_range(samples_n, 1, NELEM(samples));
		str_copy(s->name, sizeof s->name, t.field[0]);
		str_copy(s->direction, sizeof s->direction, t.field[1]);
		str_copy(s->verdict, sizeof s->verdict, t.field[3]);
		snprintf(path, sizeof path, "tests/data/smpp/%s", s->name);
		f = fopen(path, "r");
		if (f == NULL || fgets(hex, sizeof hex, f) == NULL)
			fail_msg("%s cannot be read", path);
		fclose(f);
		hex[strcspn(hex, "\n")] = '\0';
		s->len = strlen(hex) / 2;
		assert_true(str_unhex(hex, strlen(hex), s->p, s->len));
		assert_int_equal(s->len, atoi(t.field[2]));
	}
	assert_true(samples_n > 60);
	return 0;
}

static inline const struct sample *
sample(const char *name)
{
	for (size_t i = 0; i < samples_n; i++)
		if (str_starts(samples[i].name, name))
			return &samples[i];
	fail_msg("no sample %s", name);
	return NULL;
}

static inline void
decode(const char *name, struct smpp_pdu *pdu)
{
	const struct sample *s = sample(name);
	uint32_t status;

	assert_true(smpp_decode(s->p, s->len, pdu, &status));
}
