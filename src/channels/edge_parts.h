/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the edge share; nobody else includes it. */
#pragma once
#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "channels/dialect.h"
#include "channels/edge.h"
#include "channels/rate.h"
#include "core/ussd_dialect.h"
#include "io/http_client.h"
#include "io/loop.h"
#include "io/smpp_link.h"

struct edge;

#define LINKS_MAX 16

/* A dialogue's way back, kept from the request until its answer. */
struct way_back {
	int bind, link;			/* USSD over SMPP; bind -1: HTTP */
	char code[24], phone[24];	/* addresses as they wrote them */
	uint8_t phone_ton, phone_npi, code_ton, code_npi;
	struct ussd_way ussd;
	bool is_push;			/* the answer is the first that the phone hears of it */
	bool answered;			/* the edge has ended the dialogue itself */
	uint64_t http;			/* request id */
	struct dialect_way dialect;	/* USSD over HTTP */
	struct timer late;		/* its provider's deadline; armed for USSD over HTTP only */
	struct edge *edge;		/* of the timer */
	uint64_t life;			/* of the link, for what only the same connection may answer */
	uint32_t request;		/* receipts and SMS: deliver_sm or data_sm */
};

/* What waits for a timer to try again; dropped when the edge goes before that. */
struct held {
	struct list node;
	struct timer timer;
	void (*drop)(void *arg);
};
void edge_hold(struct edge *e, struct held *h, int64_t ms, void (*again)(void *arg), void (*drop)(void *arg),
    void *arg);
void edge_let_go(struct held *h);		/* harmless when it is not held */

/* A link that this process may hold. */
struct link_slot {
	struct bind *bind;
	int index;
	uint64_t life;			/* counts the links that were here */
	int64_t not_before;		/* when its last link would have connected again; 0: it had no setback */
	bool wanted;			/* we hold it: its link is to be open */
	bool leaving;			/* its link is being unbound */
	bool draining;			/* the same, and edge_drain() waits for it */
};

struct bind {
	struct edge *edge;
	const struct bind_settings *settings;
	int index;
	struct smpp_link *link[LINKS_MAX];	/* NULL: not open here */
	struct link_slot slot[LINKS_MAX];
	int links_n, next;
	struct map *dialogues;		/* ussd_known.c; NULL before the first one */
	struct list dialogues_order;
};

struct edge {
	struct loop *loop;
	const struct settings *settings;
	struct gateway *gw;
	struct http_server *http;
	struct whatsapp *whatsapp;	/* whatsapp_send.c */
	struct http_client *out;	/* to providers; what it still carries ends before the edge does */
	struct bind *binds;
	struct map *turns;		/* turn id -> struct way_back */
	struct map *calls;		/* call id -> http request id, as a pointer-sized number */
	struct map *receipts;		/* and SMS: peer op -> struct way_back (sequence of the deliver_sm in http) */
	struct map *batches;		/* sms_http_in.c: of one request each */
	struct sms_exit *exits;		/* sms_http.c: of each channel */
	struct map *suspects;		/* peer op -> struct suspect: what only looks like a receipt */
	uint64_t last_id;
	uint64_t reference;		/* of long messages; sms_smpp.c begins it at random */
	struct list held;
	struct list pushes;		/* ussd_push.c */
	struct buf last_words;
	struct map *whose;		/* ussd_whose.c; NULL before the first one */
	struct list whose_order;
	struct rates *rates;
	struct sim_feed *sim_feed;	/* NULL: no file of changed SIMs */
	/* drain */
	bool stopping;
	int draining;
	void (*drained)(void *arg);
	void *drained_arg;
	struct deferred drain_over, grave;
};

/* smpp_in.c: what arrives on a link. */
uint32_t smpp_in_deliver(void *arg, struct smpp_link *l, const struct smpp_pdu *pdu);
/* A bound link of the bind, in turn; `wanted` first when it is one. NULL: none is bound. */
struct smpp_link *bind_pick(struct bind *b, int wanted);

/* ussd_smpp.c */
bool ussd_smpp_is(const struct bind *b, const struct smpp_pdu *pdu);
void ussd_smpp_deliver(struct bind *b, int link, const struct smpp_pdu *pdu);

/* ussd_screen.c */
void ussd_smpp_answer(struct bind *b, uint64_t turn, const struct way_back *w, const struct reply *r);
/* Screens that wait for a link or a window become the end of their dialogue, now. */
void ussd_screens_end(struct edge *e);

/* ussd_known.c: what later messages of a dialogue do not say again. Lost with the process; kept for USSD_KNOWN_MAX. */
#define USSD_KNOWN_MAX 20000
struct ussd_known {
	struct list node;
	char key[USSD_DIALOGUE];
	int channel;
	char code[64];			/* as dialled */
	bool pushed;
	uint64_t turn;			/* its last input, perhaps answered already; 0: none */
	int64_t until;			/* loop_now() */
};
struct ussd_known *ussd_known_find(struct bind *b, const char *key);	/* NULL: not known, or over */
void ussd_known_set(struct bind *b, const char *key, int channel, const char *code, bool pushed);
void ussd_known_forget(struct bind *b, const char *key);
void ussd_known_clear(struct bind *b);

/* ussd_push.c */
/* Its first screen is on its way. */
void ussd_push_leaves(struct edge *e, uint64_t push);
/* The phone has answered, or hung up: a push that waits for its response was shown. */
void ussd_push_heard(struct bind *b, const char *phone);
/* What came of a push; unknown ids are over already. */
void ussd_push_over(struct edge *e, uint64_t push, enum push_end end);
void ussd_pushes_clear(struct edge *e);

/*
 * What sms.c hands a message to, by the kind of its channel. The answer comes to gateway_on_sms(op), exactly once and
 * never on the asker's stack; not at all once e->gw is NULL. *_free(): how many could be sent now.
 */
void sms_smpp_send(struct edge *e, uint64_t op, const struct sms_req *q);
unsigned sms_smpp_free(const struct edge *e, int channel);
void sms_http_send(struct edge *e, uint64_t op, const struct sms_req *q);
unsigned sms_http_free(const struct edge *e, int channel);
/* Why nothing leaves by it until a person has helped, a word; NULL: all is well as far as is known. */
const char *sms_http_shut(const struct edge *e, int channel);
void sms_http_init(struct edge *e);
void sms_http_clear(struct edge *e);

/* sms.c: whose a number is. */
const char *sms_country(const struct settings *s, const struct channel_settings *c);
bool sms_has_number(const struct settings *s, const struct channel_settings *c, const char *number);
bool sms_is_ours(const struct settings *s, const char *phone);	/* a number of any channel: a machine's, not a phone's */

/* sms_http_in.c: what providers send us. */
bool sms_http_in(struct edge *e, uint64_t id, const struct http_req *req);
/* One of the receipts and SMS of a request over HTTP is stored, or is not. */
void sms_http_stored(struct edge *e, const struct way_back *w, enum receipt_end end);

/* whatsapp_send.c; whatsapp_close() when nothing is called back any more */
void whatsapp_open(struct edge *e);
void whatsapp_close(struct edge *e);
void whatsapp_send(struct edge *e, uint64_t op, const struct sms_req *q);
unsigned whatsapp_free(const struct edge *e, int channel);
/* whatsapp_in.c; stored: true when it was an item of a webhook */
bool whatsapp_http(struct edge *e, uint64_t id, const struct http_req *req);
bool whatsapp_stored(struct edge *e, uint64_t peer_op, enum receipt_end end);
void whatsapp_forget_asked(struct edge *e);

/* sim_feed.c */
struct sim_feed *sim_feed_new(struct edge *e);
void sim_feed_free(struct sim_feed *f);		/* NULL is fine */

/* ussd_http.c and integrator_http.c: true when the request was theirs and is answered or under way. */
bool ussd_http(struct edge *e, uint64_t id, const struct http_req *req);
void ussd_http_answer(struct edge *e, const struct way_back *w, const struct reply *r);
/* ussd_whose.c: a request of this dialogue and phone has come; and whose it was, into in->phone, which is forgotten. */
void ussd_whose_set(struct edge *e, const struct turn_in *in);
bool ussd_whose_take(struct edge *e, struct turn_in *in) MUST_CHECK;	/* false: not known here, or over */
void ussd_whose_clear(struct edge *e);
/* ussd_http_proof.c: the first PROOF_* that the channel asks for and the request lacks, or 0. */
unsigned http_proof_lacking(const struct channel_settings *c, const struct http_req *req);
const char *http_proof_name(unsigned proof);
bool integrator_http(struct edge *e, uint64_t id, const struct http_req *req);
/* callback_http.c: the same, of wallet cores. */
bool callback_http(struct edge *e, uint64_t id, const struct http_req *req);

/*
 * edge_rate.c: whether one more request of this channel may come in, from this phone (NULL: of nobody). false: it is to be
 * refused, as with edge_too_many(), and may come again after *retry_s seconds.
 */
bool edge_rate_allows(struct edge *e, int channel, const char *phone, int *retry_s) MUST_CHECK;
/* Answers 429, with Retry-After; type NULL: plain text. */
void edge_too_many(struct edge *e, uint64_t id, int retry_s, const char *type, const char *body);

/* Remembers the way back under a new id. */
uint64_t edge_remember(struct edge *e, struct map *m, const struct way_back *w);
