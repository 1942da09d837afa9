/* SPDX-License-Identifier: Apache-2.0 */
#include "core/callback.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/cidr.h"
#include "base/log.h"
#include "base/str.h"

#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
#define HOST_MAX 256

void
callback_read(const char *body, size_t len, struct callback_said *out)
{
	json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	const char *uid = json_string_value(json_object_get(root, "externalUniqueId"));
	const char *status = json_string_value(json_object_get(root, "status"));

	memset(out, 0, sizeof *out);
	if (uid != NULL)
		str_copy(out->uid, sizeof out->uid, uid);
	if (status != NULL)
		out->status = (int)wallet_status(status) + 1;
	json_decref(root);
}

static bool
host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	    c == '_';
}

/* The host and what is behind it; NULL where there is none. No user, no encoding: what is checked is what is asked. */
static const char *
take_host(const char *at, char *out, size_t size)
{
	const char *end = at;

	if (*at == '[') {
		end = at + 1 + strspn(at + 1, "0123456789abcdefABCDEF:.");
		return *end == ']' && str_copyn(out, size, at + 1, (size_t)(end - at) - 1) && strchr(out, ':') != NULL &&
		    cidr_valid(out) ? end + 1 : NULL;
	}
	while (host_char(*end))
		end++;
	return end > at && str_copyn(out, size, at, (size_t)(end - at)) ? end : NULL;
}

static const char *
after_scheme(const char *url)
{
	return str_starts(url, "https://") ? url + 8 : str_starts(url, "http://") ? url + 7 : NULL;
}

/* Behind the host: a port, a path, a query; printable ASCII, no fragment. */
static bool
rest_fits(const char *at)
{
	char port[6];
	size_t n = 0;
	int64_t number;

	if (*at == ':') {
		n = strspn(++at, "0123456789");
		if (!str_copyn(port, sizeof port, at, n) || !str_to_i64(port, 1, 65535, &number))
			return false;
		at += n;
	}
	if (*at != '\0' && *at != '/' && *at != '?')
		return false;
	for (; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~' || strchr("\"<>\\^`{|}#", *at) != NULL)
			return false;
	return true;
}

bool
callback_url_host(const char *url, char *out, size_t size)
{
	const char *at = after_scheme(url);

	return at != NULL && take_host(at, out, size) != NULL;
}

static bool
named(const struct integrator_settings *who, const char *host)
{
	for (int i = 0; i < who->callback_allow_n; i++)
		if (str_equal_fold(who->callback_allow[i], host) || cidr_matches(who->callback_allow[i], host))
			return true;
	return false;
}

bool
callback_address_allowed(const struct integrator_settings *who, const char *host, const char *address)
{
	if (!cidr_is_internal(address) || named(who, host))
		return true;
	for (int i = 0; i < who->callback_allow_n; i++)
		if (cidr_matches(who->callback_allow[i], address))
			return true;
	return false;
}

bool
callback_url_fits(const char *url, const struct integrator_settings *who, char *problem, size_t size)
{
	const char *at = after_scheme(url);
	char host[HOST_MAX];
	const char *why = NULL;

	if (strlen(url) < 10 || strlen(url) >= CALLBACK_URL)
		why = "it must have 10 to 2000 characters";
	else if (at == NULL || (at = take_host(at, host, sizeof host)) == NULL || !rest_fits(at))
		why = "it must be an address like https://host/path, without a user or a fragment";
	else if (str_starts(url, "http://") && !named(who, host))
		why = "it must begin with https:// (http:// only to hosts that are allowed here)";
	else if (cidr_valid(host) && !callback_address_allowed(who, host, host))
		why = "this address is not allowed here";
	if (why != NULL)
		str_format(problem, size, "callbackUrl: %s", why);
	return why == NULL;
}

void
callback_unheard(const char *tenant, const char *integrator, char *owner, size_t size)
{
	/* Beside the lists of their wallets, whose last part is a number. */
	if (!str_format(owner, size, "%s/%s/unheard", tenant, integrator))
		fatalx("the list of what an integrator never heard has too long a name");
}

int64_t
callback_pause(int tries)
{
	static const struct {
		int64_t ms;
		int times;
	} pauses[] = { { SECOND, 1 }, { 10 * SECOND, 2 }, { 120 * SECOND, 2 }, { 2 * HOUR, 3 }, { 24 * HOUR, 19 },
		{ 168 * HOUR, 4 } };

	for (size_t i = 0; i < NELEM(pauses); i++) {
		if (tries <= pauses[i].times)
			return pauses[i].ms;
		tries -= pauses[i].times;
	}
	return 0;
}
