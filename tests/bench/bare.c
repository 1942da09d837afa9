/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bare bound of a turn over HTTP: the gateway's own server, store and Redis client, and nothing
 * between them. Each POST of an aggregator costs what a turn that only walks the menu must cost:
 * one MGET of session and subscriber, one commit of the session. No menu, no texts, no queue, no
 * time limits; tests/bench/run holds the gateway against it.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/str.h"
#include "io/http_server.h"
#include "io/loop.h"
#include "io/redis.h"
#include "store/redis_store.h"
#include "store/seal.h"

#define CONNECTIONS 1000
#define WAITING 20000
#define TIMEOUT_MS 2000
#define WITHIN_MS 4000
#define LOOK_MS 10
#define OCTETS_MAX 8192
#define SUBSCRIBER_OCTETS 100

struct turn {
	struct list spare;
	uint64_t id;			/* of the HTTP request, and of its store calls */
	struct store_key key[2];	/* session, subscriber */
};

struct bare {
	struct loop *loop;
	struct http_server *http;
	struct redis *redis;
	struct redis_store *store;
	struct seal seal;
	struct map *turns;
	struct list spare;
	struct timer look;
	const char *ports_file;
	size_t octets;
	unsigned char value[OCTETS_MAX];
};

static void
answer(struct bare *b, uint64_t id, int status, const char *text)
{
	struct turn *t = map_remove_u64(b->turns, id);

	if (t != NULL)
		list_add_tail(&b->spare, &t->spare);
	http_answer(b->http, id, status, NULL, text, strlen(text));
}

static void
on_request(void *arg, uint64_t id, const struct http_req *req)
{
	struct bare *b = arg;
	const char *phone = http_req_form(req, "phoneNumber");
	struct turn *t;

	if (phone == NULL || strlen(phone) >= STORE_OWNER) {
		answer(b, id, 400, "phoneNumber is missing\n");
		return;
	}
	if (list_empty(&b->spare)) {
		t = xcalloc(1, sizeof *t);
		list_init(&t->spare);
		t->key[0].family = STORE_SESSION;
		t->key[1].family = STORE_SUBSCRIBER;
	} else {
		t = LIST_OF(b->spare.next, struct turn, spare);
		list_remove(&t->spare);
	}
	t->id = id;
	str_copy(t->key[0].owner, sizeof t->key[0].owner, phone);
	str_copy(t->key[1].owner, sizeof t->key[1].owner, phone);
	map_put_u64(b->turns, id, t);
	redis_store_load(b->store, id, t->key, NELEM(t->key));
}

static void
put(struct store_commit *c, const struct turn *t, int key, const struct store_value *was,
    const void *p, size_t len)
{
	struct store_op *op = &c->op[c->n++];

	op->kind = STORE_PUT;
	op->key = t->key[key];
	op->from = op->to = was->version;
	randombytes_buf(op->to.p, sizeof op->to.p);
	op->p = p;
	op->len = len;
	op->ttl_ms = 0;
}

static void
on_loaded(void *arg, int64_t now, uint64_t id, enum store_end end, const struct store_value *v,
    size_t n)
{
	struct bare *b = arg;
	struct turn *t = map_get_u64(b->turns, id);
	struct store_commit c;

	(void)n;
	if (t == NULL)
		return;
	if (end != STORE_DONE) {
		answer(b, id, 503, "not loaded\n");
		return;
	}
	c.n = 0;
	c.not_after_ms = now + WITHIN_MS;
	put(&c, t, 0, &v[0], b->value, b->octets);
	if (!v[1].present)		/* once in the life of a phone */
		put(&c, t, 1, &v[1], b->value, SUBSCRIBER_OCTETS);
	redis_store_commit(b->store, id, &c);
}

static void
on_committed(void *arg, int64_t now, uint64_t id, enum store_end end)
{
	struct bare *b = arg;

	(void)now;
	if (end == STORE_DONE)
		answer(b, id, 200, "CON Nothing to see.\n1. More\n2. Less\n0. Back");
	else
		answer(b, id, 503, "not saved\n");
}

static void
on_claimed(void *arg, int64_t now, uint64_t op, enum store_end end, const struct store_claimed *c,
    size_t n)
{
	(void)arg, (void)now, (void)op, (void)end, (void)c, (void)n;
}

static void
on_stop(void *arg, int signal)
{
	(void)signal;
	loop_stop(arg);
}

/* The port is written once Redis can be asked, whole or not at all. */
static void
on_look(void *arg)
{
	struct bare *b = arg;
	char part[4096];
	FILE *f;

	if (!redis_ready(b->redis)) {
		timer_arm(&b->look, LOOK_MS);
		return;
	}
	if (!str_format(part, sizeof part, "%s.part", b->ports_file) ||
	    (f = fopen(part, "w")) == NULL)
		fatalx("%s: cannot be written", b->ports_file);
	fprintf(f, "{\"channels\":%d}\n", http_server_port(b->http));
	if (fclose(f) != 0 || rename(part, b->ports_file) != 0)
		fatalx("%s: cannot be written", b->ports_file);
}

static void
open_all(struct bare *b, const char *url)
{
	static const unsigned char id = 1;
	unsigned char key[1][SEAL_KEY];
	struct store_answers answers = { b, on_loaded, on_committed, on_claimed };
	struct redis_options redis = { .url = url, .connections = 4, .timeout_ms = TIMEOUT_MS,
	    .waiting = WAITING };
	struct http_server_options http = { .name = "bare", .address = "127.0.0.1:0",
	    .connections = CONNECTIONS, .body_max = 65536, .header_max = 16384, .arrive_s = 10,
	    .idle_s = 75, .answer_s = 40, .handler = on_request, .arg = b };
	char err[256] = "";

	randombytes_buf(key, sizeof key);
	if (!seal_init(&b->seal, (const unsigned char (*)[SEAL_KEY])key, &id, 1))
		fatalx("seal");
	b->loop = loop_new();
	b->turns = map_new();
	list_init(&b->spare);
	randombytes_buf(b->value, sizeof b->value);
	if ((b->redis = redis_new(b->loop, &redis, err, sizeof err)) == NULL ||
	    (b->http = http_server_new(b->loop, &http, err, sizeof err)) == NULL)
		fatalx("%s", err);
	b->store = redis_store_new(b->loop, b->redis, &b->seal, &answers);
	timer_init(&b->look, b->loop, on_look, b);
	timer_arm(&b->look, LOOK_MS);
	loop_on_signal(b->loop, SIGTERM, on_stop, b->loop);
	loop_on_signal(b->loop, SIGINT, on_stop, b->loop);
}

static void
free_turn(void *arg, const void *key, size_t n, void *value)
{
	(void)arg, (void)key, (void)n;
	free(value);
}

static void
close_all(struct bare *b)
{
	struct list *it, *nx;

	timer_stop(&b->look);
	redis_free(b->redis);
	http_server_free(b->http);
	redis_store_free(b->store);
	loop_free(b->loop);
	map_each(b->turns, free_turn, NULL);
	map_free(b->turns);
	LIST_EACH(it, nx, &b->spare)
		free(LIST_OF(it, struct turn, spare));
	seal_wipe(&b->seal);
}

int
main(int argc, char **argv)
{
	static struct bare b;
	const char *url = NULL;
	int64_t octets = 1000;
	int c;

	while ((c = getopt(argc, argv, "r:p:o:")) != -1) {
		if (c == 'r')
			url = optarg;
		else if (c == 'p')
			b.ports_file = optarg;
		else if (c != 'o' || !str_to_i64(optarg, SUBSCRIBER_OCTETS, OCTETS_MAX, &octets))
			url = NULL, optind = argc + 1;
	}
	if (url == NULL || b.ports_file == NULL || optind != argc) {
		fputs("usage: bare -r REDIS-URL -p PORTS-FILE [-o OCTETS-OF-A-SESSION]\n", stderr);
		return 2;
	}
	if (sodium_init() < 0)
		fatalx("libsodium does not start");
	signal(SIGPIPE, SIG_IGN);
	b.octets = (size_t)octets;
	open_all(&b, url);
	loop_run(b.loop);
	close_all(&b);
	return 0;
}
