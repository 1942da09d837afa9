/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wa_error.h"

#include <stddef.h>

#include "base/mem.h"

static const struct {
	int from, to;
	enum wa_class c;
} rows[] = {
	{ 0, 0, WA_AUTH },			/* AuthException */
	{ 1, 2, WA_AGAIN },			/* unknown; service */
	{ 3, 3, WA_AUTH },			/* the app may not */
	{ 4, 4, WA_SLOW },			/* calls of the app */
	{ 10, 10, WA_AUTH },
	{ 100, 100, WA_OURS },			/* invalid parameter */
	{ 190, 190, WA_AUTH },			/* the token has expired */
	{ 200, 299, WA_AUTH },
	{ 368, 368, WA_ACCOUNT },		/* blocked for policy */
	{ 80007, 80007, WA_SLOW },		/* calls of the business account */
	{ 130429, 130429, WA_SLOW },		/* throughput */
	{ 131000, 131000, WA_AGAIN },		/* something went wrong */
	{ 131005, 131005, WA_AUTH },
	{ 131008, 131009, WA_OURS },		/* a parameter is missing, or not valid */
	{ 131016, 131016, WA_AGAIN },		/* service unavailable */
	{ 131026, 131026, WA_UNREACHABLE },
	{ 131031, 131031, WA_ACCOUNT },		/* locked */
	{ 131042, 131042, WA_ACCOUNT },		/* payment */
	{ 131047, 131047, WA_WINDOW },
	{ 131048, 131048, WA_SLOW },		/* too many messages were blocked or reported */
	{ 131049, 131050, WA_UNREACHABLE },	/* marketing: the cap of a customer; opted out */
	{ 131051, 131051, WA_OURS },		/* no such type of message */
	{ 131053, 131053, WA_AGAIN },		/* media upload */
	{ 131056, 131056, WA_SLOW_PAIR },
	{ 132000, 132099, WA_TEMPLATE },
	{ 133016, 133016, WA_SLOW },		/* registrations */
};

enum wa_class
wa_error_class(int code, int http)
{
	for (size_t i = 0; code >= 0 && i < NELEM(rows); i++)
		if (code >= rows[i].from && code <= rows[i].to)
			return rows[i].c;
	if (http == 429)
		return WA_SLOW;
	if (http == 401 || http == 403)
		return WA_AUTH;
	/* A proxy may say 5xx, or that the time is over, of what went through; their own words carry a code. */
	if (http >= 500 || http == 408 || (http > 0 && http < 400))
		return code >= 0 ? WA_AGAIN : WA_UNCERTAIN;
	return WA_OURS;
}

const char *
wa_class_name(enum wa_class c)
{
	static const char *const name[WA_CLASSES] = { "slow", "slow-pair", "unreachable", "window", "template", "ours",
		"auth", "account", "again", "uncertain" };

	return name[c];
}
