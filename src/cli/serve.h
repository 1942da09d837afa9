/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files serve*.c only: what a process that serves holds. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "io/loop.h"
#include "service/ports.h"
#include "store/seal.h"

struct core {				/* the wallet core of one tenant */
	struct http_client *http;
	struct wallet_client *client;
};

struct server {
	struct settings *settings;
	struct gateway_content *contents;	/* until the gateway has them */
	pid_t publisher;			/* a child that publishes, 0: none */
	bool publish_again;			/* when it has ended */
	struct loop *loop;
	struct seal seal;
	struct redis *redis;
	struct redis_store *store;
	struct redis_history *history;
	struct redis_health *health;
	struct redis_processes *processes;
	struct core *cores;
	struct integrator_tells *tells;
	struct documents *documents;
	struct edge *edge;
	struct http_server *http;
	struct tls_server *tls;		/* of http; NULL: in clear */
	struct admin *admin;
	struct operator_http *operators;	/* NULL: they are not heard */
	struct gateway *gw;
	struct ports ports;
	struct timer tick;
	const char *file;
	bool draining, unbinding, releasing;
	int64_t drain_until, release_until;
};

/*
 * serve_content.c. Open before there is a gateway, which takes them over; false after saying why. The handlers are of
 * SIGHUP and SIGCHLD.
 */
bool serve_open_contents(struct server *s);
void serve_close_contents(struct server *s);
void serve_set_content_ports(struct server *s);
void serve_on_hangup(void *arg, int signal);
void serve_on_child(void *arg, int signal);

/* serve_ports.c: the gateway's ports, and what comes back to it from behind them; `arg` is the server. */
void serve_set_ports(struct server *s);
void serve_on_told(void *arg, uint64_t op, bool heard);
void serve_on_loaded(void *arg, int64_t now, uint64_t op, enum store_end end, const struct store_value *v, size_t n);
void serve_on_committed(void *arg, int64_t now, uint64_t op, enum store_end end);
void serve_on_claimed(void *arg, int64_t now, uint64_t op, enum store_end end, const struct store_claimed *c, size_t n);
void serve_on_history(void *arg, bool trusted, int64_t lost_ms);
void serve_on_health(void *arg, bool is_short);
void serve_on_processes(void *arg, int processes);
