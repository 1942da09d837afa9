/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything about a menu that loading it does not show, proven or shown to be wrong: what `isango check` and
 * `isango publish` ask for, and nobody who serves. A proof is a row in menu_prove.c.
 */
#pragma once
#include <stdbool.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/kind.h"
#include "core/menu.h"

struct prove_env {
	const struct texts *texts;
	const char (*languages)[8];		/* of the tenant; the first is shown where a text is missing */
	int languages_n;
	const struct settings *settings;	/* NULL: limits of channels are not known */
	int tenant;				/* index into settings->tenants */
	const char *config;			/* path, for commands that are printed; NULL: none are */
	bool by_sms;				/* the tenant's sms_menu */
};

static inline const struct tenant_settings *
prove_tenant(const struct prove_env *env)
{
	return env->settings != NULL ? &env->settings->tenants[env->tenant] : NULL;
}

/* Each problem as "file:line: problem, and what to do\n", all of them; false when there are some. */
bool menu_prove(const struct menu *m, const struct prove_env *env, struct buf *problems) MUST_CHECK;
