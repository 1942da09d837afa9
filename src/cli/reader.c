/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/str.h"
#include "config/config.h"
#include "io/redis.h"
#include "store/redis_store.h"

#define CONNECT_MS 5000
#define PATIENCE_MS 10000		/* no customer waits for it; an operator's command that fails has to be given again */
#define LOOK_MS 10

static void
on_loaded(void *arg, int64_t now, uint64_t op, enum store_end end, const struct store_value *v, size_t n)
{
	struct reader *r = arg;

	(void)now, (void)op;
	r->end = end;
	r->present = n == 1 && v[0].present;
	r->damaged = n == 1 && v[0].damaged;
	r->version = n == 1 ? v[0].version : (struct store_version){ { 0 } };
	buf_clear(&r->value);
	if (r->present)
		buf_add(&r->value, r->damaged ? v[0].raw : v[0].p, r->damaged ? v[0].raw_len : v[0].len);
	loop_stop(r->loop);
}

static void
on_committed(void *arg, int64_t now, uint64_t op, enum store_end end)
{
	struct reader *r = arg;

	(void)now, (void)op;
	r->end = end;
	loop_stop(r->loop);
}

static void
on_ranged(void *arg, int64_t now, uint64_t op, enum store_end end, const struct store_claimed *c, size_t n)
{
	struct reader *r = arg;

	(void)now, (void)op;
	r->end = end;
	r->items = n;
	if (n > 0)
		memcpy(r->item, c, n * sizeof *c);
	loop_stop(r->loop);
}

static bool
is_answered(const struct reader *r)
{
	if (r->end != STORE_DONE)
		fprintf(stderr, "%s: redis %s gave no answer; try again, or look at its log\n", r->command,
		    r->settings->redis_url);
	return r->end == STORE_DONE;
}

bool
reader_load(struct reader *r, const struct store_key *key)
{
	redis_store_load(r->store, 1, key, 1);
	loop_run(r->loop);
	return is_answered(r);
}

void
reader_say_damaged(const struct reader *r)
{
	fprintf(stderr, "%s: a record cannot be opened: has %s the sealing_key_file of the gateway?\n", r->command,
	    r->file);
}

bool
reader_range(struct reader *r, const struct store_range *range)
{
	redis_store_range(r->store, 1, range);
	loop_run(r->loop);
	return is_answered(r);
}

enum store_end
reader_commit(struct reader *r, const struct store_commit *c)
{
	redis_store_commit(r->store, 1, c);
	loop_run(r->loop);
	return r->end;
}

static void
on_look(void *arg)
{
	struct reader *r = arg;

	if (redis_ready(r->redis) || loop_now(r->loop) >= r->give_up)
		loop_stop(r->loop);
	else
		timer_arm(&r->look, LOOK_MS);
}

bool
reader_settings(struct reader *r, const char *command, const char *file)
{
	struct buf problems = { 0 };
	bool ok;

	*r = (struct reader){ .command = command, .file = file };
	r->settings = config_read(file, &problems);
	ok = problems.len == 0;
	if (!ok)
		fprintf(stderr, "%s%s: nothing was done; `isango check -c %s` tells more\n", buf_str(&problems),
		    command, file);
	else {
		log_set_level(LOG_WARN);	/* connections that come up are nobody's news here */
		setenv("TZ", r->settings->timezone, 1);
		tzset();
	}
	buf_clear(&problems);
	return ok;
}

bool
reader_open(struct reader *r)
{
	const struct settings *s = r->settings;
	struct redis_options o = { .url = s->redis_url, .connections = 1, .waiting = 8,
		.timeout_ms = s->redis_timeout_ms > PATIENCE_MS ? s->redis_timeout_ms : PATIENCE_MS,
		.password = s->redis_password[0] != '\0' ? s->redis_password : NULL };
	struct store_answers answers = { r, on_loaded, on_committed, on_ranged };
	char err[256] = "it does not answer";

	if (!seal_init(&r->seal, (const unsigned char (*)[SEAL_KEY])s->sealing_keys, s->sealing_key_ids,
	    (size_t)s->sealing_keys_n)) {
		fprintf(stderr, "%s: two sealing keys have the same id\n", r->command);
		return false;
	}
	r->loop = loop_new();
	r->redis = redis_new(r->loop, &o, err, sizeof err);
	if (r->redis != NULL) {
		r->store = redis_store_new(r->loop, r->redis, &r->seal, &answers);
		if (s->redis_replicas > 0)
			redis_store_replicas(r->store, o.connections, s->redis_replicas, o.timeout_ms / 2);
		r->give_up = loop_now(r->loop) + CONNECT_MS;
		timer_init(&r->look, r->loop, on_look, r);
		timer_arm(&r->look, 0);
		loop_run(r->loop);
		if (redis_ready(r->redis))
			return true;
	}
	fprintf(stderr, "%s: redis %s: %s; see that it runs, and that %s names it rightly\n", r->command, s->redis_url,
	    err, r->file);
	return false;
}

void
reader_close(struct reader *r)
{
	if (r->redis != NULL)
		redis_free(r->redis);
	redis_store_free(r->store);
	if (r->loop != NULL)
		loop_free(r->loop);
	buf_clear(&r->value);
	seal_wipe(&r->seal);
	settings_free(r->settings);
}

const char *
reader_time(int64_t ms, char out[32])
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		str_copy(out, 32, "-");
	return out;
}
