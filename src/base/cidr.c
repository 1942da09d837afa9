/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cidr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct block {
	int family;
	unsigned char p[16];
	unsigned bits;
};

/* a.b.c.d and ::ffff:a.b.c.d both become the former. */
static bool
read_address(const char *s, size_t n, struct block *out)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];

	if (!str_copyn(text, sizeof text, s, n))
		return false;
	memset(out, 0, sizeof *out);
	if (inet_pton(AF_INET, text, out->p) == 1) {
		out->family = AF_INET;
		out->bits = 32;
		return true;
	}
	if (inet_pton(AF_INET6, text, out->p) != 1)
		return false;
	out->family = AF_INET6;
	out->bits = 128;
	if (memcmp(out->p, mapped, sizeof mapped) == 0) {
		out->family = AF_INET;
		out->bits = 32;
		memmove(out->p, out->p + sizeof mapped, 4);
	}
	return true;
}

static bool
read_block(const char *cidr, struct block *out)
{
	const char *slash = strchr(cidr, '/');
	bool is_v6 = strchr(cidr, ':') != NULL;
	int64_t bits;

	if (slash == NULL)
		return read_address(cidr, strlen(cidr), out);
	if (!read_address(cidr, (size_t)(slash - cidr), out) || !str_all_digits(slash + 1) ||
	    !str_to_i64(slash + 1, 0, is_v6 ? 128 : 32, &bits))
		return false;
	if (is_v6 && out->family == AF_INET) {	/* ::ffff:10.0.0.0/104 */
		if (bits < 96)
			return false;
		bits -= 96;
	}
	out->bits = (unsigned)bits;
	return true;
}

bool
cidr_valid(const char *cidr)
{
	struct block b;

	return read_block(cidr, &b);
}

bool
cidr_matches(const char *cidr, const char *address)
{
	struct block net, host;
	unsigned whole, rest;

	/* A link-local peer carries its interface: fe80::1%eth0. */
	if (!read_block(cidr, &net) || !read_address(address, strcspn(address, "%"), &host) ||
	    net.family != host.family)
		return false;
	whole = net.bits / 8;
	rest = net.bits % 8;
	return memcmp(net.p, host.p, whole) == 0 &&
	    (rest == 0 || (net.p[whole] ^ host.p[whole]) >> (8 - rest) == 0);
}

/* IANA's special-purpose registries; of IPv6 only 2000::/3 is given out at all. */
static const char *const internal[] = {
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/4", "240.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
};

bool
cidr_is_internal(const char *address)
{
	struct block host;

	if (!read_address(address, strcspn(address, "%"), &host))
		return true;
	for (size_t i = 0; i < NELEM(internal); i++)
		if (cidr_matches(internal[i], address))
			return true;
	return host.family == AF_INET6 && (host.p[0] & 0xe0) != 0x20;
}
