/* SPDX-License-Identifier: Apache-2.0 */
#include "core/menu_prove.h"

#include <string.h>

#include "core/menu_budget.h"
#include "core/menu_flow.h"
#include "core/menu_size.h"

static void (*const proofs[])(const struct menu *m, const struct prove_env *env, struct buf *problems) = {
	menu_flow_prove,
	menu_size_prove,
	text_size_prove,
	menu_budget_prove,
};

/* Tenants share texts, and menus share both: a problem is said once. */
static void
add_news(struct buf *problems, const struct buf *found)
{
	const char *line = buf_str(found), *end;

	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		size_t n = (size_t)(end - line) + 1;

		if (problems->len == 0 || memmem(problems->p, problems->len, line, n) == NULL)
			buf_add(problems, line, n);
	}
}

bool
menu_prove(const struct menu *m, const struct prove_env *env, struct buf *problems)
{
	struct buf found = { 0 };
	bool ok;

	for (size_t i = 0; i < NELEM(proofs); i++)
		proofs[i](m, env, &found);
	ok = found.len == 0;
	add_news(problems, &found);
	buf_clear(&found);
	return ok;
}
