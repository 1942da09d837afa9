/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts many messages into the outbox of an installation at once, and says later what became of them: for tests and
 * benchmarks that are about messages and not about what causes them. Speaks to the store of a configuration as isango
 * itself does; sends nothing.
 *
 *   outbox -c FILE put N        messages bulk:0 to bulk:N-1, of all classes in turn, each with a text of its own
 *   outbox -c FILE look N       "NUMBER CLASS STATE ATTEMPTS TO" of each, a line; then the exit status is 0
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "config/config.h"
#include "core/message.h"
#include "io/loop.h"
#include "io/redis.h"
#include "service/task.h"
#include "store/redis_store.h"
#include "store/seal.h"

#define AT_ONCE 256
#define LOOK_MS 5
#define LIFE_MS INT64_C(3600000)
#define FIRST_PHONE INT64_C(27820000000)
#define MESSAGES_MAX 1000000

struct job {
	struct loop *loop;
	struct redis *redis;
	struct redis_store *store;
	struct settings *settings;
	struct seal seal;
	struct timer timer;
	bool put;
	int64_t n, next, done, failed;
};

static const char *const class_name[MSG_CLASSES] = {
	[MSG_TOKEN] = "token", [MSG_RESULT] = "result", [MSG_NOTICE] = "notice",
};

static struct store_key
key_of_number(int64_t number)
{
	char id[MESSAGE_ID];

	str_format(id, sizeof id, "bulk:%" PRId64, number);
	return key_of(STORE_MESSAGE, id, "");
}

static void
put(struct job *j, int64_t number)
{
	struct store_key key = key_of_number(number);
	struct store_commit c = { .n = 2, .not_after_ms = loop_wall(j->loop) + LIFE_MS };
	struct message m = { .cls = (enum message_class)(number % MSG_CLASSES) };
	struct buf octets = { 0 };

	str_copy(m.id, sizeof m.id, key.owner);
	str_copy(m.tenant, sizeof m.tenant, j->settings->tenants[0].name);
	str_format(m.to, sizeof m.to, "%" PRId64, FIRST_PHONE + number);
	str_format(m.text, sizeof m.text, "Message %" PRId64 " of many.", number);
	m.created_at = m.next_at = loop_wall(j->loop);
	m.deadline = m.created_at + LIFE_MS;
	message_encode(&m, &octets);
	c.op[0].kind = STORE_PUT;
	c.op[0].key = key;
	randombytes_buf(&c.op[0].to, sizeof c.op[0].to);
	c.op[0].p = octets.p;
	c.op[0].len = octets.len;
	c.op[1].kind = STORE_LIST_ADD;
	c.op[1].key = key_of(STORE_OUTBOX, key.owner, "");
	c.op[1].ref = key;
	c.op[1].score = m.next_at;
	redis_store_commit(j->store, (uint64_t)number, &c);
	buf_clear(&octets);
}

static void
next(struct job *j)
{
	while (j->next < j->n && j->next - j->done < AT_ONCE) {
		struct store_key key = key_of_number(j->next);

		if (j->put)
			put(j, j->next++);
		else
			redis_store_load(j->store, (uint64_t)j->next++, &key, 1);
	}
	if (j->done == j->n)
		loop_stop(j->loop);
}

static void
on_committed(void *arg, int64_t now, uint64_t op, enum store_end end)
{
	struct job *j = arg;

	(void)now, (void)op;
	j->done++;
	j->failed += end != STORE_DONE;
	next(j);
}

static void
on_loaded(void *arg, int64_t now, uint64_t op, enum store_end end, const struct store_value *v, size_t n)
{
	struct job *j = arg;
	struct message m = { 0 };

	(void)now, (void)n;
	j->done++;
	if (end == STORE_DONE && v->present && !v->damaged && message_decode(v->p, v->len, &m))
		printf("%" PRIu64 " %s %s %d %s\n", op, class_name[m.cls], message_state_name(m.state), m.attempts,
		    m.to);
	else
		j->failed++;
	next(j);
}

static void
on_claimed(void *arg, int64_t now, uint64_t op, enum store_end end, const struct store_claimed *c, size_t n)
{
	(void)arg, (void)now, (void)op, (void)end, (void)c, (void)n;
}

static void
on_look(void *arg)
{
	struct job *j = arg;

	if (redis_ready(j->redis))
		next(j);
	else
		timer_arm(&j->timer, LOOK_MS);
}

static void
run(struct job *j)
{
	struct store_answers answers = { j, on_loaded, on_committed, on_claimed };
	struct redis_options o = { .url = j->settings->redis_url, .connections = 1, .timeout_ms = 10000,
	    .waiting = 2 * AT_ONCE };
	char err[256] = "";

	if (!seal_init(&j->seal, (const unsigned char (*)[SEAL_KEY])j->settings->sealing_keys,
	    j->settings->sealing_key_ids, (size_t)j->settings->sealing_keys_n))
		fatalx("the sealing keys cannot be used");
	j->loop = loop_new();
	if ((j->redis = redis_new(j->loop, &o, err, sizeof err)) == NULL)
		fatalx("%s", err);
	j->store = redis_store_new(j->loop, j->redis, &j->seal, &answers);
	timer_init(&j->timer, j->loop, on_look, j);
	timer_arm(&j->timer, 0);
	loop_run(j->loop);
	redis_free(j->redis);
	redis_store_free(j->store);
	loop_free(j->loop);
	seal_wipe(&j->seal);
}

int
main(int argc, char **argv)
{
	struct job j = { 0 };
	struct buf problems = { 0 };
	const char *file = NULL;
	int c;

	while ((c = getopt(argc, argv, "c:")) != -1)
		file = c == 'c' ? optarg : NULL;
	j.put = optind < argc && strcmp(argv[optind], "put") == 0;
	if (file == NULL || argc - optind != 2 || (!j.put && strcmp(argv[optind], "look") != 0) ||
	    !str_to_i64(argv[optind + 1], 1, MESSAGES_MAX, &j.n)) {
		fputs("usage: outbox -c FILE put|look N\n", stderr);
		return 2;
	}
	if (sodium_init() < 0)
		fatalx("libsodium does not start");
	signal(SIGPIPE, SIG_IGN);
	if ((j.settings = config_load(file, &problems)) == NULL) {
		fputs(buf_str(&problems), stderr);
		buf_clear(&problems);
		return 1;
	}
	run(&j);
	settings_free(j.settings);
	buf_clear(&problems);
	return j.failed == 0 ? 0 : 1;
}
