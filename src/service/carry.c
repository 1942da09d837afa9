/* SPDX-License-Identifier: Apache-2.0 */
#include "service/carry.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "service/lane.h"
#include "service/say.h"

#define PAUSE_MS INT64_C(200)
#define PAUSE_DOUBLINGS 4
#define STATUS_MS 90000			/* a chat's network says by then what became of what it did not answer to */
#define DEAD_MS (INT64_C(30) * 86400000)	/* as long as operators can find its id in the list */

struct carried *
carried_of(struct task *t)
{
	return LIST_OF(t, struct carried, task);
}

void
carry_wipe(struct carried *k)
{
	mem_wipe(k, sizeof *k);
}

bool
carry_load(struct carried *k, const struct store_value *v)
{
	if (v->damaged || !message_decode(v->p, v->len, &k->m)) {
		log_error(k->task.id, "message damaged", "octets=%zu", v->len);
		return false;
	}
	rev_loaded(&k->rev, v);
	k->before = k->m.state;
	k->route_before = k->m.route;
	str_copy(k->handed_before, sizeof k->handed_before, k->m.handed_to);
	return true;
}

static const struct tenant_settings *
tenant_of(const struct carried *k)
{
	int i = tenant_find(k->task.gw, k->m.tenant);

	return i >= 0 ? &k->task.gw->settings->tenants[i] : NULL;
}

/* The channels that it may leave by, in the order tried: an answer has that of its question, and mostly no other. */
static int
routes_of(const struct carried *k, int route[ROUTES_MAX])
{
	const struct settings *set = k->task.gw->settings;
	const struct tenant_settings *t = tenant_of(k);
	int n = 0;

	if (t == NULL)
		return 0;
	for (int i = 0; i < set->channels_n; i++)
		if (channel_sends(set->channels[i].kind) && strcmp(set->channels[i].name, k->m.channel) == 0)
			route[n++] = i;
	if (k->m.channel[0] != '\0' && !k->m.elsewhere)
		return n;	/* 0: the configuration has it no more */
	for (int i = 0; i < t->routes_n[k->m.cls] && n < ROUTES_MAX; i++)
		if (n == 0 || t->routes[k->m.cls][i] != route[0])
			route[n++] = t->routes[k->m.cls][i];
	return n;
}

int
carry_channel(const struct carried *k)
{
	int route[ROUTES_MAX] = { 0 };

	routes_of(k, route);	/* message_ready() saw that it has this one */
	return route[k->m.route];
}

int
carry_lane(const struct carried *k)
{
	return lane_of(k->task.gw->settings, carry_channel(k));
}

bool
carry_is_sender(const struct carried *k, const char *address)
{
	const struct settings *set = k->task.gw->settings;
	int route[ROUTES_MAX] = { 0 }, n = routes_of(k, route);

	for (int i = 0; i < n; i++) {
		const struct channel_settings *c = &set->channels[route[i]];

		if (str_equal_fold(c->sender, address) ||
		    phone_same_number(c->sender, address, set->tenants[c->tenant].country))
			return true;
	}
	return false;
}

/* A message of a more urgent class found no room there a moment ago: the next room is for that one. */
static bool
must_yield(const struct gateway *gw, int lane, enum message_class cls)
{
	for (int c = 0; c < (int)cls; c++)
		if (gw->lane_loads[lane].wanted_until[c] > gw->now)
			return true;
	return false;
}

struct message_rules
carry_rules(const struct carried *k)
{
	const struct gateway *gw = k->task.gw;
	int route[ROUTES_MAX];
	struct message_rules r = { routes_of(k, route), gw->settings->message_tries, 0, 0 };

	if (k->m.route < r.routes && gw->settings->channels[route[k->m.route]].kind == CHANNEL_WHATSAPP)
		r.doubt_ms = STATUS_MS;
	for (int i = 0; i < r.routes; i++) {
		int channel = route[i], lane = lane_of(gw->settings, channel);

		if (gw->ports->sms_free(gw->ports->ctx, channel) > gw->lane_loads[lane].sends &&
		    !must_yield(gw, lane, message_rank(&k->m)))
			r.room |= 1u << i;
	}
	return r;
}

/* Its place in the list of its class, and in the part of it for those who hold the bind that it was handed to. */
static void
save_places(const struct carried *k, struct store_commit *c, const struct store_key *key)
{
	enum store_family list = say_outbox(&k->m);
	bool final = message_final(&k->m) && !k->owes_news;
	const char *part = final ? "" : k->m.handed_to;

	if (final)
		commit_list_remove(c, list, key);
	else
		commit_list_add(c, list, key, k->m.next_at);
	if (k->handed_before[0] != '\0' && strcmp(k->handed_before, part) != 0)
		commit_part_remove(c, list, k->handed_before, key);
	/* By the time since when it waits, so that being handed over again does not cost it its place. */
	if (part[0] != '\0')
		commit_part_add(c, list, part, key, k->m.no_room_since);
}

void
carry_save(struct carried *k, task_fn *on)
{
	struct gateway *gw = k->task.gw;
	struct store_commit c = { .n = 0 };
	struct store_key key = key_of(STORE_MESSAGE, k->m.id, "");
	struct buf *b = scratch(gw, 0);
	bool dead = message_dead(&k->m);

	message_encode(&k->m, b);
	commit_put(gw, &c, &key, &k->rev, b, dead ? DEAD_MS : 0);
	save_places(k, &c, &key);
	if (dead)
		commit_item(&c, STORE_LIST_ADD, STORE_DEAD, k->m.id, gw->now);
	else if (message_dead(&(struct message){ .state = k->before }))
		commit_item(&c, STORE_LIST_REMOVE, STORE_DEAD, k->m.id, 0);
	task_commit(&k->task, &c, on);
}

bool
carry_pause(struct carried *k, task_fn *again)
{
	int64_t pause = PAUSE_MS << (k->tries < PAUSE_DOUBLINGS ? k->tries : PAUSE_DOUBLINGS);

	if (k->task.gw->now + pause >= k->until)
		return false;
	k->tries++;
	task_sleep(&k->task, k->task.gw->now + pause, again);
	return true;
}

void
carry_count(struct carried *k)
{
	static const enum metric metric[MESSAGE_STATES] = {
		[MESSAGE_SENT] = M_MESSAGES_SENT, [MESSAGE_DELIVERED] = M_MESSAGES_DELIVERED,
		[MESSAGE_FAILED] = M_MESSAGES_FAILED, [MESSAGE_EXPIRED] = M_MESSAGES_EXPIRED,
		[MESSAGE_UNKNOWN] = M_MESSAGES_UNKNOWN, [MESSAGE_WAITING] = M_MESSAGES_RETRIED,
		[MESSAGE_WITHDRAWN] = M_MESSAGES_WITHDRAWN,
	};
	static const enum metric dead[MSG_CLASSES] = {
		[MSG_TOKEN] = M_DEAD_TOKENS, [MSG_RESULT] = M_DEAD_RESULTS, [MSG_NOTICE] = M_DEAD_NOTICES,
	};
	const struct message *m = &k->m;

	if (m->route != k->route_before)
		metric_add(M_MESSAGES_REROUTED, 1);
	k->route_before = m->route;
	if (m->state == MESSAGE_SENDING || m->state == k->before)
		return;
	metric_add(metric[m->state], 1);
	if (message_dead(m))
		metric_add(dead[m->cls], 1);
	log_at(message_dead(m) ? LOG_WARN : LOG_INFO, k->task.id, "message",
	    "message=%s state=%s attempts=%d status=0x%x via=%s why=\"%s\"", m->id, message_state_name(m->state),
	    m->attempts, (unsigned)m->status, m->via, m->why);
	k->before = m->state;
}

/* "" of the first, ":1" of the one that the payer asked for after it: each is told of. */
static const char *
which_sending(const struct message *m)
{
	static const char first[] = ":token_sms";
	const char *at = strstr(m->id, first);

	return at != NULL ? at + strlen(first) : "";
}

/* In the message's id and in the key of its text. */
static const char *const news_name[] = {
	[TOLD_UNDELIVERED] = "undelivered", [TOLD_UNSURE] = "unsure", [TOLD_ARRIVED] = "arrived",
};

/* That one arrived after all is no news where its token has ended meanwhile. */
static bool
still_news(const struct carried *k, const struct intent *i)
{
	return k->m.told != TOLD_ARRIVED || intent_token_usable(i, k->task.gw->now);
}

static void
on_owner_loaded(struct task *t, const struct event *e)
{
	struct carried *k = carried_of(t);
	struct intent *i = xcalloc(1, sizeof *i);
	struct message *m = xcalloc(1, sizeof *m);
	struct store_commit c = { .n = 0 };
	struct vars v = { 0 };
	int tenant = tenant_find(t->gw, k->m.tenant);
	char id[MESSAGE_ID], key[48];
	bool said = false;

	if (e->end == STORE_DONE && e->v[0].present && intent_decode(e->v[0].p, e->v[0].len, i) &&
	    i->phone[0] != '\0' && tenant >= 0 && still_news(k, i)) {
		vars_set(&v, "title", t->gw->settings->tenants[tenant].title);
		vars_set_i64(&v, "amount", i->amount);
		vars_set(&v, "to_phone", i->to_phone);
		vars_set(&v, "help_phone", t->gw->settings->tenants[tenant].help_phone);
		str_format(id, sizeof id, "%s:%s%s", i->id, news_name[k->m.told], which_sending(&k->m));
		str_format(key, sizeof key, "sms.result.token_%s", news_name[k->m.told]);
		said = say_text(t->gw, tenant, MSG_RESULT, id, i->phone, i->lang, key, &v, m);
	}
	if (said) {
		say_put(t->gw, &c, m);
		task_commit(t, &c, k->told);
	} else
		k->told(t, e);
	mem_wipe(i, sizeof *i);
	free(i);
	free(m);
}

void
carry_tell(struct carried *k, task_fn *told)
{
	static const struct event nothing = { .kind = EV_COMMITTED, .end = STORE_DONE };
	enum message_told news = message_news(&k->m);
	struct store_key key;

	if (news != TOLD_NOTHING) {
		if (news == TOLD_ARRIVED)
			log_info(k->task.id, "token arrived", "message=%s", k->m.id);
		else
			log_error(k->task.id, "token undelivered", "message=%s state=%s told=%s", k->m.id,
			    message_state_name(k->m.state), news_name[news]);
		k->m.told = news;
	}
	if (news == TOLD_NOTHING || k->m.intent_id[0] == '\0') {
		told(&k->task, &nothing);
		return;
	}
	k->told = told;
	key = key_of(STORE_INTENT, k->m.intent_owner, k->m.intent_id);
	task_load(&k->task, &key, 1, on_owner_loaded);
}

/* It was said before: CONFLICT. */
bool
carry_was_told(const struct event *e)
{
	return e->end == STORE_DONE || e->end == STORE_CONFLICT;
}
