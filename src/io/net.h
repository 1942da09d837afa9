/* SPDX-License-Identifier: Apache-2.0 */
/* Numeric addresses. Names are never looked up: that would block the loop. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/mem.h"

/* "127.0.0.1:8080", "[::1]:0". false with the reason in err. */
bool net_parse(const char *address, struct sockaddr_storage *out, socklen_t *len, char *err,
    size_t err_size) MUST_CHECK;
#define NET_ADDRESS 64		/* a numeric address with its interface, and NUL */

/* Whom a socket is connected to, without the port; "-" when that is not known any more. */
void net_peer(int fd, char out[NET_ADDRESS]);
/* The port of a sockaddr, host order. */
int net_port(const struct sockaddr_storage *ss);
