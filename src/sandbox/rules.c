/* SPDX-License-Identifier: Apache-2.0 */
/* The table of switches and its two profiles. */
#include "sandbox/rules.h"

#include <string.h>

const struct rule_row rule_rows[] = {
#define R(name, friendly, hostile, help) \
	{ #name, friendly, hostile, offsetof(struct rules, name), help },
	RULES(R)
#undef R
};
const size_t rule_rows_n = NELEM(rule_rows);

static int64_t *
place(struct rules *r, const struct rule_row *row)
{
	return (int64_t *)(void *)((char *)r + row->offset);
}

bool
rules_profile(struct rules *r, const char *profile)
{
	bool hostile = strcmp(profile, "hostile") == 0;

	if (!hostile && strcmp(profile, "friendly") != 0)
		return false;
	for (size_t i = 0; i < rule_rows_n; i++)
		*place(r, &rule_rows[i]) = hostile ? rule_rows[i].hostile : rule_rows[i].friendly;
	return true;
}

int64_t *
rules_find(struct rules *r, const char *name)
{
	for (size_t i = 0; i < rule_rows_n; i++)
		if (strcmp(rule_rows[i].name, name) == 0)
			return place(r, &rule_rows[i]);
	return NULL;
}
