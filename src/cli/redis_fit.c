/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/redis_fit.h"

#include <stdio.h>

#include "base/log.h"
#include "store/redis_check.h"

#define CHECK_MS 3000

bool
redis_fit(const struct settings *s, const struct seal *seal)
{
	const char *password = s->redis_password;
	struct redis_check c = { s->redis_url, password[0] != '\0' ? password : NULL, CHECK_MS, seal,
		s->redis_replicas };
	char why[1024] = "";
	enum redis_check_end end = redis_check(&c, why, sizeof why);

	if (end == REDIS_CHECK_NOTED)
		log_warn(0, "redis may miss payments", "why=\"%s\"", why);
	if (end == REDIS_CHECK_FINE || end == REDIS_CHECK_NOTED)
		return true;
	if (end == REDIS_CHECK_RISKY && s->redis_may_lose_money) {
		log_error(0, "redis can lose money", "why=\"%s\"", why);
		return true;
	}
	fprintf(stderr, "isango serve: redis %s: %s\n", s->redis_url, why);
	if (end == REDIS_CHECK_RISKY)
		fprintf(stderr, "Set it up as etc/redis.conf does. For a try-out only: \"redis\": { \"may_lose_money\": true }\n");
	return false;
}
