/* SPDX-License-Identifier: Apache-2.0 */
#include "io/net.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

static bool
split(const char *address, char *host, size_t host_size, bool *is_v6, const char **port)
{
	const char *from = address, *end;

	*is_v6 = *address == '[';
	if (*is_v6) {
		from++;
		end = strchr(address, ']');
		if (end == NULL || end[1] != ':')
			return false;
		*port = end + 2;
	} else {
		end = strrchr(address, ':');
		if (end == NULL || strchr(address, ':') != end)
			return false;
		*port = end + 1;
	}
	return str_copyn(host, host_size, from, (size_t)(end - from));
}

bool
net_parse(const char *address, struct sockaddr_storage *out, socklen_t *len, char *err,
    size_t err_size)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	char host[INET6_ADDRSTRLEN];
	const char *port_text;
	int64_t port;
	bool is_v6;

	memset(out, 0, sizeof *out);
	if (!split(address, host, sizeof host, &is_v6, &port_text)) {
		str_format(err, err_size, "address \"%s\": expected 127.0.0.1:8080 or [::1]:8080",
		    address);
		return false;
	}
	if (!str_all_digits(port_text) || !str_to_i64(port_text, 0, 65535, &port)) {
		str_format(err, err_size, "address \"%s\": \"%s\" is no port (0 to 65535)", address,
		    port_text);
		return false;
	}
	if (is_v6 ? inet_pton(AF_INET6, host, &v6->sin6_addr) != 1 :
	    inet_pton(AF_INET, host, &v4->sin_addr) != 1) {
		str_format(err, err_size, "address \"%s\": \"%s\" is no numeric IPv%d address",
		    address, host, is_v6 ? 6 : 4);
		return false;
	}
	if (is_v6) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		*len = sizeof *v6;
	} else {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		*len = sizeof *v4;
	}
	return true;
}

int
net_port(const struct sockaddr_storage *ss)
{
	return ntohs(ss->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)ss)->sin6_port :
	    ((const struct sockaddr_in *)ss)->sin_port);
}

void
net_peer(int fd, char out[NET_ADDRESS])
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;

	if (getpeername(fd, (struct sockaddr *)&ss, &len) != 0 ||
	    getnameinfo((struct sockaddr *)&ss, len, out, NET_ADDRESS, NULL, 0, NI_NUMERICHOST) != 0)
		str_copy(out, NET_ADDRESS, "-");
}
