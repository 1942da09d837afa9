/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a path may stand in the log: words of ours, names from the configuration, and the numbers of the integrators'
 * calls. All else is shown as *: references of callbacks are secret, and so is a key that somebody wrote in the wrong
 * place.
 */
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "channels/edge_parts.h"

#define PARTS_MAX 12		/* more of them are no path of ours */
#define NUMBER_MAX 9		/* digits: fewer than any phone number has */

static const char *const words[] = {
	"authentication", "callbacks", "deliveries", "eclipse-conductor", "end", "events", "inbound", "login", "optout",
	"receipt", "receipts", "replies", "response", "rest", "session", "sms", "start", "status", "tenants", "ussd",
	"v1", "wallets", "whatsapp", "withdrawals",
};

static bool
is_word(const char *part)
{
	for (size_t i = 0; i < NELEM(words); i++)
		if (strcmp(words[i], part) == 0)
			return true;
	return false;
}

static const struct channel_settings *
channel_of(const struct settings *s, const char *part)
{
	for (int i = 0; i < s->channels_n; i++)
		if (strcmp(s->channels[i].name, part) == 0)
			return &s->channels[i];
	return NULL;
}

static bool
is_tenant(const struct settings *s, const char *part)
{
	for (int i = 0; i < s->tenants_n; i++)
		if (strcmp(s->tenants[i].name, part) == 0)
			return true;
	return false;
}

static bool
is_number(const char *part)
{
	return part[0] != '0' && strlen(part) <= NUMBER_MAX && str_all_digits(part);
}

void
edge_show_path(void *arg, const char *path, char *out, size_t size)
{
	const struct settings *s = ((struct edge *)arg)->settings;
	const struct channel_settings *c, *of = NULL;
	bool of_integrator = str_starts(path, "/eclipse-conductor/");
	struct buf b = { 0 };
	char part[NAME_MAX_OCTETS];
	int n = 0;

	buf_add_str(&b, "path=");
	for (const char *p = path; *p == '/' && n < PARTS_MAX; n++) {
		size_t len = strcspn(++p, "/");
		bool fits = str_copyn(part, sizeof part, p, len);

		if (fits && (c = channel_of(s, part)) != NULL)
			of = c;
		buf_addf(&b, "/%s", len == 0 ? "" : fits && (is_word(part) || channel_of(s, part) != NULL ||
		    is_tenant(s, part) || (of_integrator && is_number(part))) ? part : "*");
		p += len;
	}
	if (of != NULL)
		buf_addf(&b, " channel=%s", of->name);
	str_copy(out, size, b.len < size ? buf_str(&b) : "path=*");
	buf_clear(&b);
}
