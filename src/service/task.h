/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the service: what waits. A task asks a port for one thing at a time and says where it goes on; the answer
 * finds it by the op's id. A task that is over leaves its op behind, whose answer then finds nobody.
 */
#pragma once
#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "service/gateway.h"

#define TICK_MS 20
#define COMMIT_WITHIN_MS 4000		/* a commit that Redis comes to later than this is refused by Redis itself */
#define SCRATCH 7
#define TURN_TEXT 2048		/* octets of an input or a history */

struct slots;
struct task;
struct versions;

enum event_kind { EV_LOADED, EV_COMMITTED, EV_CLAIMED, EV_WALLET, EV_SMS, EV_WOKEN, EV_TOLD, EV_CONTENT, EV_DOCUMENT };
struct event {
	enum event_kind kind;
	enum store_end end;
	const struct store_value *v;
	const struct store_claimed *c;
	size_t n;
	const struct wallet_answer *wallet;
	const struct sms_answer *sms;
	const struct document_answer *document;
	bool heard;			/* TOLD: they answered below 300 */
};
typedef void task_fn(struct task *t, const struct event *e);

struct task {
	struct gateway *gw;
	struct list all;
	uint64_t id;
	uint64_t op;			/* asked and not answered, 0: none */
	task_fn *on;			/* where it goes on */
	void (*end)(struct task *t);	/* frees what is around it */
	struct list asleep;
	bool light;			/* asleep: a drain may wake it */
	int wallet_tenant;		/* whose core was asked last */
	uint64_t who;			/* for whom (wallet_req) */
	int64_t wake_at;
};

struct gateway {
	const struct settings *settings;
	const struct ports *ports;
	struct gateway_content *contents;	/* of each tenant, what dialogues begin on */
	struct versions *versions;
	char process[17];
	int64_t now;			/* of the event that is being handled */
	uint64_t last_id;
	struct map *ops;		/* op id -> struct task */
	struct map *tasks;		/* task id -> struct task */
	struct list tasks_all, sleepers;
	unsigned turns, runs, sends, calls, inbounds, operator_calls;	/* under way */
	unsigned tells;			/* calls to callbackUrls, of the runs */
	unsigned pin_writings, sagas, chattings;
	struct tenant_load {
		unsigned turns, calls, runs;	/* of each tenant: a limit of one is no limit of another */
		struct follow_load {
			unsigned hints;		/* callbacks under way */
			unsigned reads;		/* of tokens that only wait, under way */
			int64_t second;		/* of `hinted` */
			unsigned hinted;
			int64_t credit;		/* thousandths of a read that it may make now */
			int64_t credited;	/* the second up to which it was given */
			int64_t quiet_until;	/* the core has said that we ask too much */
		} follow;
		struct tell_load {
			unsigned under_way;	/* calls to its callbackUrls */
			unsigned failed;	/* in a row */
			int64_t quiet_until;
		} *tells;			/* of each integrator */
	} *tenants;
	struct lane_load {
		unsigned sends;		/* messages that are about to be written */
		/* A message of the class found no room and is back by then: what is less urgent leaves it some. */
		int64_t wanted_until[MSG_CLASSES];
	} *lane_loads;		/* of each lane (lane.h) */
	struct strays **strays;		/* of each lane, NULL until there is one */
	struct map *phones;		/* owner -> struct turn being worked on */
	struct map *chats;		/* owner/channel -> struct chatting being worked on */
	struct map *writers;		/* owner -> struct mo being worked on */
	struct map *running;		/* intent id -> struct run */
	int processes;			/* that share what is bounded for the whole installation; 0 is 1 */
	bool draining;
	bool money_off;			/* the store is short of room: nothing new is paid */
	int64_t lost_ms;		/* what was saved before may miss what followed it; 0: never so */
	bool limit_closed;		/* limits cannot be believed: no token that counts */
	unsigned due_next;		/* bucket to look at next */
	int64_t due_at, outbox_at[16];
	struct {			/* persons.c: how far the count came */
		int64_t at, oldest;
		unsigned bucket;
		int tenant;		/* the first of those that are looked at together */
		int64_t count;
	} persons;
	size_t outbox_asked;		/* messages that claims under way may bring */
	unsigned parts_first;		/* lane whose part of the outbox comes first in the next claim */
	struct map *polls;
	struct slots *slots;
	unsigned char mac_key[32];
	struct buf scratch[SCRATCH];
};

void task_start(struct gateway *gw, struct task *t, void (*end)(struct task *t));
/* It is the work of this owner of records: of a phone, or of an integrator's wallet, whatever the order. */
void task_for(struct task *t, const char *owner);
/* Takes it out of everything and calls its end function. */
void task_end(struct task *t);
struct task *task_find(struct gateway *gw, uint64_t id);	/* NULL if it is over */
void task_sleep(struct task *t, int64_t until, task_fn *on);

void task_load(struct task *t, const struct store_key *keys, size_t n, task_fn *on);
/* Fills in the not-after. */
void task_commit(struct task *t, struct store_commit *c, task_fn *on);
/* Fills in who it is for. */
void task_wallet(struct task *t, int tenant, struct wallet_req *req, int64_t timeout_ms, task_fn *on);
/* Fills in who it is for. */
void task_document(struct task *t, struct document_req *req, int64_t timeout_ms, task_fn *on);
void task_sms(struct task *t, const struct sms_req *req, task_fn *on);
void task_tell(struct task *t, const struct tell_req *req, task_fn *on);
void task_claim(struct task *t, const struct store_claim *c, task_fn *on);
void task_range(struct task *t, const struct store_range *r, task_fn *on);

/*
 * A record that was loaded and may be saved: `at` is what the store has, `next` what the commit under way makes of
 * it.
 */
struct rev {
	struct store_version at, next;
};
void rev_loaded(struct rev *r, const struct store_value *v);
void rev_saved(struct rev *r);		/* the commit was DONE */
void rev_next(struct rev *r, const unsigned char mark[8]);
bool rev_absent(const struct rev *r);

struct store_key key_of(enum store_family family, const char *owner, const char *id);
/* The octets stay the caller's until task_commit() returned. */
void commit_put(struct gateway *gw, struct store_commit *c, const struct store_key *key, struct rev *r,
    const struct buf *octets, int64_t ttl_ms);
/* The record must be as it was loaded. */
void commit_check(struct store_commit *c, const struct store_key *key, const struct rev *r);
void commit_list_add(struct store_commit *c, enum store_family list, const struct store_key *ref, int64_t score);
void commit_list_remove(struct store_commit *c, enum store_family list, const struct store_key *ref);
/* The same with a part of a list. */
void commit_part_add(struct store_commit *c, enum store_family list, const char *part, const struct store_key *ref,
    int64_t score);
void commit_part_remove(struct store_commit *c, enum store_family list, const char *part, const struct store_key *ref);
/* Of a list of texts; `item` is also the owner that chooses its bucket. */
void commit_item(struct store_commit *c, enum store_op_kind kind, enum store_family list, const char *item,
    int64_t score);
/* The same into a list of one owner (HISTORY, REQUESTS). */
void commit_owned_item(struct store_commit *c, enum store_op_kind kind, enum store_family list, const char *owner,
    const char *item, int64_t score);
/* An empty buffer that lives until the next turn of events; i < SCRATCH. */
struct buf *scratch(struct gateway *gw, int i);

void gateway_uuid(struct gateway *gw, char out[37]);
/* The same text always has the same one. */
void gateway_named_uuid(struct gateway *gw, const char *domain, const char *text, char out[37]);
void gateway_mac(struct gateway *gw, const char *domain, const char *text, unsigned char out[16]);
int tenant_find(const struct gateway *gw, const char *name);	/* index or -1 */
