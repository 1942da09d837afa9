/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define LINE 2048
#define HEX "0123456789abcdefABCDEF-"

static struct sim_world *watched;

/* The linker puts these in the place of log_at(); it still knows the real one. */
void __real_log_at(enum log_level level, uint64_t id, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void __wrap_log_at(enum log_level level, uint64_t id, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

void
sim_log_watch(struct sim_world *w)
{
	watched = w;
}

/* As a word of its own: digits inside ids mean nothing. */
static bool
says(const char *line, const char *secret)
{
	size_t len = strlen(secret);

	for (const char *at = line; len > 0 && (at = strstr(at, secret)) != NULL; at++)
		if ((at == line || strchr(HEX, at[-1]) == NULL) && (at[len] == '\0' || strchr(HEX, at[len]) == NULL))
			return true;
	return false;
}

static void
check_tokens(struct sim_world *w, const char *line)
{
	for (int t = 0; t < w->settings.tenants_n; t++) {
		struct bank_withdrawal *const *v;
		size_t n = bank_withdrawals(w->cores[t].bank, &v);

		for (size_t i = 0; i < n; i++)
			if (says(line, v[i]->token))
				sim_broken(w, "a token in the log: %s", line);
	}
}

static void
check(struct sim_world *w, const char *line)
{
	for (int i = 0; i < w->bots; i++)
		if (says(line, w->bot[i].phone) || says(line, w->bot[i].phone + 2) || says(line, w->bot[i].id_number) ||
		    says(line, w->bot[i].pin))
			sim_broken(w, "a secret in the log: %s", line);
	if (strstr(line, "Bearer") != NULL || strstr(line, "Mokoena") != NULL)
		sim_broken(w, "a login or a name in the log: %s", line);
	check_tokens(w, line);
}

void
__wrap_log_at(enum log_level level, uint64_t id, const char *event, const char *fmt, ...)
{
	static const char *const name[] = { "debug", "info", "warn", "error" };
	char line[LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (watched == NULL) {
		__real_log_at(level, id, event, "%s", line);
		return;
	}
	check(watched, line);
	sim_trace(&watched->loop, "    log %s %s %s", name[level], event, line);
}
