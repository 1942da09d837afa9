/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The edge between networks and the service: every channel in one place. Turns network events into turns and answers
 * into what each network wants to hear; knows nothing of wallets or money.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/settings.h"
#include "io/http_server.h"
#include "service/gateway.h"

struct edge;
struct loop;

/* Links open as edge_link() says. Settings are borrowed. */
struct edge *edge_new(struct loop *l, const struct settings *s);
void edge_free(struct edge *e);			/* before the gateway's loop; nothing is sent any more */
/* Where turns go, and the listener that answers are given to. */
void edge_attach(struct edge *e, struct gateway *gw, struct http_server *channels);
/* The handler of the channels' listener; arg is the edge. */
void edge_http(void *arg, uint64_t id, const struct http_req *req);
/* What of a path stands in the access log, edge_access.c; arg is the edge. */
void edge_show_path(void *arg, const char *path, char *out, size_t size);
/*
 * Answers what HTTP still holds: dialogues with `text`, integrators that the outcome is not known. Before the
 * listener goes.
 */
void edge_answer_open(struct edge *e, const char *text);
/* Ends the dialogues over SMPP whose screen is still owed, with `text`. Before the links are unbound. */
void edge_end_dialogues(struct edge *e, const char *text);
/* Unbinds all links, politely; `done` runs once they are closed or wait_ms is over. */
void edge_drain(struct edge *e, int64_t wait_ms, void (*done)(void *arg), void *arg);
/* Of each bind a link is bound here, or other processes hold them all; *why names one that is not ready. */
bool edge_ready(const struct edge *e, const char **why);

/* Names the channels that are shut, one on each line. Other processes have the same account: nobody is better off there. */
void edge_channels_missing(const struct edge *e, struct buf *missing);

/* The ports that the edge serves; ctx is the edge. */
void edge_reply(void *ctx, uint64_t turn, const struct reply *r);
void edge_api_reply(void *ctx, uint64_t call, int status, const char *json);
void edge_sms(void *ctx, uint64_t op, const struct sms_req *req);
unsigned edge_sms_free(void *ctx, int channel);
void edge_receipt_stored(void *ctx, uint64_t peer_op, enum receipt_end end);
void edge_link(void *ctx, int bind, int slot, bool hold, int64_t within_ms);

/*
 * Opens a dialogue at a phone: a menu state becomes the first screen, the customer goes on from there. `done` says
 * what came of it, once and later; UNKNOWN: perhaps shown. BUSY: the phone is in a dialogue, or the service too busy;
 * nothing was sent. A refused one leaves nothing behind. 0: it cannot be tried (the channel is no USSD over SMPP, one
 * is on its way to this phone, or too many are), and done does not run.
 */
enum push_end { PUSH_SHOWN, PUSH_BUSY, PUSH_REFUSED, PUSH_NOT_SENT, PUSH_UNKNOWN };
typedef void push_done(void *arg, uint64_t push, enum push_end end);
uint64_t edge_push(struct edge *e, int channel, const char *phone, const char *state, push_done *done, void *arg);
