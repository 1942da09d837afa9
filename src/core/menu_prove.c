/* SPDX-License-Identifier: Apache-2.0 */
#include "core/menu_prove.h"

#include "core/menu_flow.h"

static void (*const proofs[])(const struct menu *m, const struct prove_env *env, struct buf *problems) = {
	menu_flow_prove,
};

bool
menu_prove(const struct menu *m, const struct prove_env *env, struct buf *problems)
{
	size_t before = problems->len;

	for (size_t i = 0; i < NELEM(proofs); i++)
		proofs[i](m, env, problems);
	return problems->len == before;
}
