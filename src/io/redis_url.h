/* SPDX-License-Identifier: Apache-2.0 */
/* Where a Redis is: redis://host:port/db or unix:///path. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct redis_url {
	char path[108];		/* of the unix socket; "" for TCP */
	char host[256];
	int port;
	int db;
};

/*
 * false: err says what is wrong with it. Port 6379 and database 0 may be left out; an IPv6 host
 * stands in [].
 */
bool redis_url_parse(const char *url, struct redis_url *out, char *err, size_t err_size) MUST_CHECK;
/* Replaces a host name by its first address. Blocks while it asks the resolver: only at start. */
bool redis_url_resolve(struct redis_url *u, char *err, size_t err_size) MUST_CHECK;
