/* SPDX-License-Identifier: Apache-2.0 */
#include "core/forwarded.h"

#include <string.h>
#include <strings.h>

#include "base/cidr.h"
#include "base/str.h"

#define BLANK " \t"

struct span {
	const char *p;
	size_t n;
};

static struct span
trim(struct span s)
{
	while (s.n > 0 && strchr(BLANK, s.p[0]) != NULL)
		s = (struct span){ s.p + 1, s.n - 1 };
	while (s.n > 0 && strchr(BLANK, s.p[s.n - 1]) != NULL)
		s.n--;
	return s;
}

/*
 * What comes before the next separator; false: nothing is left, or a quoted text does not end. A proxy quotes what its
 * client chose, such as the host: a separator in there is none, or the client could put words into the proxy's mouth.
 */
static bool
next_part(struct span *rest, char separator, bool quotes, struct span *out)
{
	bool quoted = false;
	size_t n = 0;

	if (rest->p == NULL)
		return false;
	for (; n < rest->n && (quoted || rest->p[n] != separator); n++) {
		if (quotes && rest->p[n] == '"')
			quoted = !quoted;
		else if (quoted && rest->p[n] == '\\')
			n++;
	}
	if (quoted)
		return false;
	*out = trim((struct span){ rest->p, n });
	*rest = n < rest->n ? (struct span){ rest->p + n + 1, rest->n - n - 1 } : (struct span){ NULL, 0 };
	return true;
}

static bool
is_port(struct span s)
{
	char text[8];

	return str_copyn(text, sizeof text, s.p, s.n) && s.n > 0 && s.n <= 5 && str_all_digits(text);
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80". */
static bool
read_address(struct span s, char out[FORWARDED_ADDRESS])
{
	const char *colon = memchr(s.p, ':', s.n), *close;
	size_t rest;

	if (s.n > 0 && s.p[0] == '[') {
		if ((close = memchr(s.p, ']', s.n)) == NULL)
			return false;
		rest = s.n - (size_t)(close + 1 - s.p);
		if (rest > 0 && (close[1] != ':' || !is_port((struct span){ close + 2, rest - 1 })))
			return false;
		s = (struct span){ s.p + 1, (size_t)(close - s.p - 1) };
	} else if (colon != NULL && memchr(colon + 1, ':', s.n - (size_t)(colon + 1 - s.p)) == NULL) {
		if (!is_port((struct span){ colon + 1, s.n - (size_t)(colon + 1 - s.p) }))
			return false;
		s.n = (size_t)(colon - s.p);
	}
	return str_copyn(out, FORWARDED_ADDRESS, s.p, s.n) && strchr(out, '/') == NULL && cidr_valid(out);
}

/* The one `for` of an element such as: for="[2001:db8::1]:80";proto=https;by=203.0.113.43 */
static bool
read_element(struct span element, char out[FORWARDED_ADDRESS])
{
	struct span pair, found = { NULL, 0 };

	while (next_part(&element, ';', true, &pair)) {
		if (pair.n < 4 || strncasecmp(pair.p, "for=", 4) != 0)
			continue;
		if (found.p != NULL)
			return false;
		found = (struct span){ pair.p + 4, pair.n - 4 };
	}
	if (found.n >= 2 && found.p[0] == '"' && found.p[found.n - 1] == '"')
		found = (struct span){ found.p + 1, found.n - 2 };
	return element.p == NULL && found.p != NULL && read_address(found, out);
}

static bool
is_proxy(const char *address, const char (*proxies)[FORWARDED_ADDRESS], int n)
{
	for (int i = 0; i < n; i++)
		if (cidr_matches(proxies[i], address))
			return true;
	return false;
}

bool
forwarded_client(enum forwarded_form form, const char *value, const char (*proxies)[FORWARDED_ADDRESS], int n,
    char out[FORWARDED_ADDRESS])
{
	struct span rest = { value, strlen(value) }, last[FORWARDED_HOPS];
	size_t parts = 0;

	while (next_part(&rest, ',', form == FORWARDED_RFC7239, &last[parts % FORWARDED_HOPS]))
		parts++;
	if (rest.p != NULL)
		return false;
	for (size_t i = 1; i <= FORWARDED_HOPS && i <= parts; i++) {
		struct span part = last[(parts - i) % FORWARDED_HOPS];

		if (!(form == FORWARDED_X_FOR ? read_address(part, out) : read_element(part, out)))
			return false;
		if (!is_proxy(out, proxies, n))
			return true;
	}
	return parts <= FORWARDED_HOPS;
}
