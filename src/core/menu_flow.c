/* SPDX-License-Identifier: Apache-2.0 */
#include "core/menu_flow.h"

#include <stdlib.h>

#include "core/menu_flow_parts.h"

void
menu_flow_prove(const struct menu *m, const struct prove_env *env, struct buf *problems)
{
	struct flow *f = xcalloc(1, sizeof *f);

	f->m = m;
	f->env = env;
	f->problems = problems;
	flow_read(f);
	flow_check_texts(f);
	flow_check_states(f);
	if (f->too_many) {
		PROBLEM(f, jsondoc_root(m->doc), "a menu has at most %d variables; use fewer", FLOW_VARS);
	} else {
		flow_find_live(f);
		flow_walk(f);
		flow_find(f);
	}
	flow_free(f);
	free(f);
}
