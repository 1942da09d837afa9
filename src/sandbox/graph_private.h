/* SPDX-License-Identifier: Apache-2.0 */
/* What the files graph*.c share; nobody else includes it. */
#pragma once
#include "base/list.h"
#include "base/map.h"
#include "core/chat_in.h"
#include "core/wa_pairs.h"
#include "io/http_server.h"
#include "io/loop.h"
#include "sandbox/box.h"
#include "sandbox/graph.h"

#define DAY_MS INT64_C(86400000)
#define GRAPH_ID 64

struct chat {				/* of one customer with our number */
	struct graph *graph;
	char name[CHAT_USER];		/* under which it is known: the number, or the identity */
	char phone[PHONE_MAX], user[CHAT_USER];	/* as webhooks tell them; "" is not told */
	char identity[CHAT_IDENTITY];	/* identity_key_hash, "" is not told */
	json_t *messages;		/* both ways, the oldest first, the last ones; ours */
	json_t *last;			/* what the customer sent last, as the webhook said it; NULL: nothing */
	int64_t n;			/* messages so far */
	int64_t last_in;		/* box_now() of the last message of the customer's, 0: none */
	int fails;			/* code with which messages to it fail by status, 0: they do not */
	bool hooked;			/* a webhook about it is under way */
	struct list waiters;
};

struct medium {				/* a file at Meta; in graph->media by its id */
	char *type, *octets;
	size_t len;
	char sha256[65];		/* hex */
	char hash[17];			/* in its URL, "" before it was asked for */
	int64_t until;			/* how long the URL lives */
};

struct graph {
	struct box *x;
	struct http_server *server;
	char *url, *token, *secret, *verify_token, *number_id;
	struct map *chats;		/* by name, phone and identity -> struct chat */
	struct map *media;
	struct map *late;		/* answers that are put off */
	struct wa_pairs *pairs;
	struct list hooks;		/* webhooks that wait for their time */
	struct map *hooks_sent;		/* by op */
	struct map *verifying;		/* op -> http id of the control listener, as a number */
	uint64_t last_op;
	int64_t second, in_second;	/* messages taken in this second of the loop */
	int64_t posts, marks, hooks_sent_n, hooks_taken, hooks_refused;
};

/* graph_check.c: 0, or the code of the error; why in words. */
int graph_check(const json_t *message, const char **why);

/* graph_send.c */
void graph_message(struct graph *g, uint64_t http, const json_t *body);

/* graph_hook.c. Takes `value`, the "value" of a change; chat NULL: about nobody. after_ms by the sandbox's clock. */
void graph_hook(struct graph *g, struct chat *chat, json_t *value, int64_t after_ms);
void graph_hooks_free(struct graph *g);
void graph_hooks_tick(struct graph *g);
json_t *graph_value(const struct graph *g);	/* with what stands in each */

/* graph_chat.c */
struct chat *graph_chat(struct graph *g, const char *name);	/* made when it is new */
/* Puts a message where the customer, and GET .../messages, sees it; takes it. Its number is set. */
void graph_chat_show(struct chat *c, json_t *message);
json_t *graph_chat_find(const struct chat *c, const char *id);	/* borrowed, or NULL */
void graph_chats_free(struct graph *g);
void graph_new_id(struct graph *g, char out[GRAPH_ID]);	/* "wamid.…" */

/* graph.c */
void graph_answer(struct graph *g, uint64_t http, int status, json_t *body);
void graph_error(struct graph *g, uint64_t http, int status, int code, const char *why);
