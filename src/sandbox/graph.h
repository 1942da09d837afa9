/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Meta's side of WhatsApp: the Graph API of one number of ours, strict about its limits, its webhooks, and the chats of
 * customers (Meta: "Cloud API reference"). The control listener serves the chats under /chat/NUMBER/...
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct box;
struct graph;

struct graph_options {
	const char *address;		/* to listen on */
	const char *url;		/* where webhooks go, NULL: nowhere yet */
	const char *token, *secret;	/* that the gateway shows us, and that we sign with */
	const char *verify_token;
	const char *number_id;		/* of the number that customers write to */
};

struct graph *graph_new(struct box *x, const struct graph_options *o, char *err, size_t err_size);
void graph_free(struct graph *g);		/* NULL is fine */
int graph_port(const struct graph *g);
void graph_tick(struct graph *g);		/* what is due by the sandbox's clock */
json_t *graph_counts(const struct graph *g);

/* {"url":.., "verify":true}: where the gateway is; verify asks it as Meta does when an address is entered. */
void graph_move(struct graph *g, uint64_t http, const json_t *body);

/* What the control listener hands on; `who` is a number, or an identity like "ZA.123". */
struct graph_call {
	uint64_t http;
	const char *method, *who, *verb;
	const json_t *body;		/* NULL when there is none */
	int64_t after, wait_ms;		/* of GET .../messages */
};
void graph_chat_call(struct graph *g, const struct graph_call *c);
