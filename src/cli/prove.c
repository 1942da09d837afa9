/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/prove.h"

struct prove_env
prove_env_of(const struct settings *s, int tenant, const struct tenant_content *c, const char *config)
{
	const struct tenant_settings *t = &s->tenants[tenant];

	return (struct prove_env){ .texts = c->texts, .languages = t->languages, .languages_n = t->languages_n,
		.settings = s, .tenant = tenant, .config = config };
}

bool
prove_content(const struct settings *s, int tenant, const struct tenant_content *c, const char *config,
    struct buf *problems)
{
	struct prove_env env = prove_env_of(s, tenant, c, config);
	bool ok = c->menu == NULL || menu_prove(c->menu, &env, problems);

	env.by_sms = true;
	return (c->sms_menu == NULL || menu_prove(c->sms_menu, &env, problems)) && ok;
}
