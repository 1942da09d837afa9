/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the gateway does, whatever the channel: turns, intents, messages, integrators' calls. No sockets, no clock:
 * events come in with `now` (ms since the epoch, Redis time), orders go out through the ports. Runs the same on
 * libevent and on the virtual loop of the simulation.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/chat_in.h"
#include "core/menu.h"
#include "core/operator.h"
#include "core/reassembly.h"
#include "core/receipt.h"
#include "core/settings.h"
#include "service/ports.h"

struct gateway;

struct gateway_content {		/* of one tenant, of one version */
	const struct texts *texts;
	const struct menu *menu;
	const struct menu *sms_menu;	/* NULL of a tenant without */
	void *made;			/* for ports.content_free; NULL: it is borrowed, and outlives the gateway */
};

struct gateway_options {
	const struct settings *settings;
	const struct ports *ports;
	const struct gateway_content *contents;	/* of each tenant, in their order: what dialogues begin on at first */
	char process[17];			/* a name of this process's own life, for leases */
};

struct gateway *gateway_new(const struct gateway_options *o);
void gateway_free(struct gateway *gw);		/* forgets what is under way; nothing is answered */
const struct ports *gateway_ports(const struct gateway *gw);
/* Stops claiming due intents and messages; turns and calls under way go on. */
void gateway_drain(struct gateway *gw);
unsigned gateway_busy(const struct gateway *gw);	/* turns, intents, messages and calls under way */
/* Call every 10 to 50 ms: deadlines, claims of what is due, leases of links. */
void gateway_tick(struct gateway *gw, int64_t now);

/*
 * Links (ports.link). The guard lets go of those whose lease is over: call it often, and before anything is written by
 * a process that may have stood still. Release, once they are unbound, lets a successor bind at once.
 */
void gateway_guard_links(struct gateway *gw);
void gateway_release_links(struct gateway *gw, int64_t now);
bool gateway_holds_links(const struct gateway *gw);	/* or is not sure yet */
bool gateway_holds_bind(const struct gateway *gw, int bind);	/* a link of it, up or not */
bool gateway_links_elsewhere(const struct gateway *gw, int bind);	/* others hold all links of this bind */

/*
 * PUSH: we begin it; text names the menu state, "": only what was handed over, else nothing is shown. Its answer is the
 * first screen, or "" and the end: show nothing. RETURN, of a chat: what was handed over comes back, or nobody took it.
 */
enum turn_kind { TURN_BEGIN, TURN_INPUT, TURN_ABORT, TURN_PUSH, TURN_RETURN };
/* The dialogue of a PUSH until the network has given it an id; the first INPUT or ABORT brings that. */
#define TURN_PUSHED "push"
/* Who hears the answer: ports.reply; service/inbound.c, of the menu for SMS; service/chat.c, as a screen of a chat. */
enum turn_by { TURN_BY_PORT, TURN_BY_SMS, TURN_BY_CHAT };
struct turn_in {
	uint64_t turn;			/* the channel's, given back to ports.reply exactly once; 0: no reply wanted (ABORT) */
	int channel;			/* index into settings.channels */
	char phone[PHONE_MAX];
	char dialogue[64];		/* the network's session id, "" where it has none */
	enum turn_kind kind;		/* INPUT in a dialogue that is not known begins one */
	char key[64];			/* what identifies this turn in its dialogue, or "" when nothing does */
	bool counts_up;			/* the key is a letter and a number, which is greater with each input of a dialogue */
	const char *text;		/* newest input, or the whole history */
	bool history;			/* text is the whole history, joined by '*' (Africa's Talking) */
	const char *service_code;	/* as dialled */
	char imsi[33];			/* of the SIM that dials; "" where the network does not tell */
	enum turn_by by;
	bool tap;			/* BY_CHAT: text is the id of what was tapped (core/chat_screen.h) */
	enum chat_kind chat_kind;	/* BY_CHAT: of what came; INPUT */
	const struct chat_media *media;	/* BY_CHAT, of a picture or document; copied */
};
void gateway_turn(struct gateway *gw, int64_t now, const struct turn_in *in);
/* The operator says that this phone (canonical) got another SIM then. Where a network tells the IMSI turns show it. */
void gateway_sim_changed(struct gateway *gw, int64_t now, const char *phone, int64_t at_ms);
/* A text of the templates in the tenant's first language, for where no turn is. */
const char *gateway_text(const struct gateway *gw, int tenant, const char *key);

/*
 * A delivery receipt; the lane (service/lane.h) is its bind, or its channel; ports.receipt_stored(peer_op) says when the
 * SMSC may be told that it is safe. One with r->maybe may come back as RECEIPT_IS_MESSAGE: then nothing was done with it
 * and it is to be taken as inbound SMS.
 */
void gateway_receipt(struct gateway *gw, int64_t now, int lane, const struct receipt *r, uint64_t peer_op);

/*
 * An SMS that a phone sent, or a part of one, to a number of this channel; who sent it can be forged. The answer is as
 * to a receipt: ports.receipt_stored(peer_op, RECEIPT_STORED) once what it asked for is saved.
 */
struct inbound_in {
	int channel;
	char from[PHONE_MAX];
	const char *number;		/* that was written to */
	struct reassembly_part part;	/* total 0 or 1: not of a long one. The octets are borrowed */
	unsigned reference;		/* user_message_reference, 0: none: tells two equal texts apart */
	bool opt_out;			/* no text: the provider says that the phone wants no notices. Not answered */
};
void gateway_inbound(struct gateway *gw, int64_t now, const struct inbound_in *in, uint64_t peer_op);

/*
 * Somebody wrote in a chat, through a webhook whose signature was good. ports.receipt_stored(peer_op, ...) says when it
 * is safe: RECEIPT_STORED once a crash cannot lose it any more (or it came before, or nobody needs it), NOT_STORED when
 * the network is to deliver it again. What it leads to comes as messages of the outbox, in the order of the inputs.
 */
void gateway_chat(struct gateway *gw, int64_t now, const struct chat_in *in, uint64_t peer_op);

/*
 * An integrator's call, already authenticated: tenant and integrator are indexes. The answer goes to ports.api_reply.
 */
enum api_call { API_WITHDRAW, API_LIST, API_GET, API_CANCEL };
struct api_in {
	uint64_t call;
	int tenant, integrator;
	enum api_call kind;
	int64_t wallet_id;
	const char *withdrawal_id;	/* GET, CANCEL */
	const char *body;		/* JSON */
	size_t len;
	int64_t from_ms, to_ms;		/* LIST */
	size_t offset, limit;
};
void gateway_api(struct gateway *gw, int64_t now, const struct api_in *in);

/*
 * An operator's act at one tenant. Who it is was found out before; whether he may, and at this tenant, is checked
 * here. The answer, a JSON object, goes to ports.operator_reply exactly once, perhaps before this returns.
 * OPERATOR_ANSWER_MS after the call nothing more is begun, only ended and told: a listener waits for twice as long.
 *
 *   200  done, or what was asked to be shown
 *   202  {"outcome":"asked","request":N}: another operator must approve within 24 hours
 *   400  the order is not as its act needs it
 *   403  the operator has not the role
 *   404  no such act; no such tenant, or not his; no such payment or request there
 *   409  refused by what is there now: nothing was changed
 *   500  it is not known whether it was done
 *   503  it was not done, and may be tried again: no entry in the audit could be written, too busy, or shutting down
 *
 * Others than 200 and 202 hold {"error":"<one word>","words":"<a sentence>"}. Of acts that are noted in the audit
 * "entry" is the number of the entry. Phones are masked, names, tokens and texts are never shown.
 */
#define OPERATOR_ANSWER_MS 20000
struct operator_in {
	uint64_t call;			/* given back to ports.operator_reply */
	const struct operator *who;	/* copied */
	const char *tenant, *act;	/* names, of settings.tenants and operator_acts */
	const char *body;		/* JSON (core/operator.h); may be NULL when len is 0 */
	size_t len;
};
void gateway_operator(struct gateway *gw, int64_t now, const struct operator_in *in);

/*
 * Whether the store has all that it acknowledged. While it may not, the limit is closed: nothing that counts is
 * reserved. Trusted until told otherwise.
 */
void gateway_on_history(struct gateway *gw, int64_t now, bool trusted);
/*
 * What the store had acknowledged by then (ms since the epoch) may be missing there, and the wallet core may know
 * more.
 */
void gateway_on_loss(struct gateway *gw, int64_t now, int64_t lost_ms);

/* So many processes, this one included, share what is bounded for the whole installation; 1 until told otherwise. */
void gateway_on_processes(struct gateway *gw, int64_t now, int processes);
int gateway_processes(const struct gateway *gw);

/* Off: no payment is shown or accepted any more; what was accepted goes on to its end. */
void gateway_on_money(struct gateway *gw, int64_t now, bool off);

/*
 * The wallet core called back about a withdrawal, and its signature was good. `ref` is what stood in the callbackUrl
 * that it was given. Answered through ports.api_reply: 200 once nothing more need come, 403 of another tenant's, 503
 * when it is to be sent again. What the body said is nothing but a hint: the withdrawal is read.
 */
struct hint_in {
	uint64_t call;
	int tenant;
	const char *ref;
	const char *body;
	size_t len;
};
void gateway_hint(struct gateway *gw, int64_t now, const struct hint_in *in);

/* Answers of the ports, by the op's id. Unknown ids are ignored: their turn is over. */
void gateway_on_loaded(struct gateway *gw, int64_t now, uint64_t op, enum store_end end, const struct store_value *v,
    size_t n);
void gateway_on_committed(struct gateway *gw, int64_t now, uint64_t op, enum store_end end);
void gateway_on_claimed(struct gateway *gw, int64_t now, uint64_t op, enum store_end end, const struct store_claimed *c,
    size_t n);
/* The same answer serves claim and range. */
void gateway_on_wallet(struct gateway *gw, int64_t now, uint64_t op, const struct wallet_answer *a);
void gateway_on_sms(struct gateway *gw, int64_t now, uint64_t op, const struct sms_answer *a);
void gateway_on_document(struct gateway *gw, int64_t now, uint64_t op, const struct document_answer *a);
void gateway_on_told(struct gateway *gw, int64_t now, uint64_t op, bool heard);
