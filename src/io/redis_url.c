/* SPDX-License-Identifier: Apache-2.0 */
#include "io/redis_url.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "base/str.h"

#define DEFAULT_PORT 6379
#define DB_MAX 65535

static bool
parse_tcp(const char *s, struct redis_url *out)
{
	size_t hosts = strcspn(s, "/"), host = hosts, digits;
	char number[8];
	int64_t v;

	if (s[0] == '[') {
		host = strcspn(s, "]") + 1;
		if (host > hosts || !str_copyn(out->host, sizeof out->host, s + 1, host - 2))
			return false;
	} else {
		host = strcspn(s, ":/");
		if (!str_copyn(out->host, sizeof out->host, s, host))
			return false;
	}
	if (out->host[0] == '\0')
		return false;
	s += host;
	out->port = DEFAULT_PORT;
	if (*s == ':') {
		digits = strcspn(++s, "/");
		if (!str_copyn(number, sizeof number, s, digits) || !str_to_i64(number, 1, 65535,
		    &v))
			return false;
		out->port = (int)v;
		s += digits;
	}
	if (*s != '\0' && *s != '/')
		return false;
	if (s[0] == '/' && s[1] != '\0') {
		if (!str_to_i64(s + 1, 0, DB_MAX, &v))
			return false;
		out->db = (int)v;
	}
	return true;
}

bool
redis_url_parse(const char *url, struct redis_url *out, char *err, size_t err_size)
{
	static const char tcp[] = "redis://", local[] = "unix://";

	memset(out, 0, sizeof *out);
	if (str_starts(url, tcp) && parse_tcp(url + strlen(tcp), out))
		return true;
	if (str_starts(url, local) && url[strlen(local)] == '/' &&
	    str_copy(out->path, sizeof out->path, url + strlen(local)))
		return true;
	str_format(err, err_size, "not a Redis address, it looks like redis://host:port/db "
	    "or unix:///path (at most %zu octets of path)", sizeof out->path - 1);
	return false;
}

bool
redis_url_resolve(struct redis_url *u, char *err, size_t err_size)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *found;
	char number[NI_MAXHOST];
	int rc;

	if (u->path[0] != '\0')
		return true;
	rc = getaddrinfo(u->host, NULL, &hints, &found);
	if (rc == 0) {
		rc = getnameinfo(found->ai_addr, found->ai_addrlen, number, sizeof number, NULL, 0,
		    NI_NUMERICHOST);
		freeaddrinfo(found);
	}
	if (rc != 0 || !str_copy(u->host, sizeof u->host, number)) {
		str_format(err, err_size, "%s: %s", u->host, rc != 0 ? gai_strerror(rc) :
		    "address too long");
		return false;
	}
	return true;
}
