/* SPDX-License-Identifier: Apache-2.0 */
/* What the files whatsapp_*.c share; nobody else includes it. */
#pragma once
#include "channels/edge_parts.h"
#include "core/pace.h"
#include "core/wa_error.h"
#include "core/wa_pairs.h"

struct wa_number {			/* a channel: one number of ours */
	struct edge *edge;
	const struct channel_settings *channel;
	int index;
	struct pace pace;		/* this process's share */
	int processes;			/* that the share is of */
	struct wa_pairs *pairs;
	unsigned under_way, marks;
	/* Throttled: nothing is sent until then; each time in a row for twice as long. Loop time. */
	int64_t paused_until, pause_ms;
	/* The token or the account was refused: nothing until then, and then one at a time. */
	int64_t stopped_until;
	bool stopped;
};

struct whatsapp {			/* of an edge; freed with it */
	struct wa_number *number;	/* one place for each channel, of whatever kind */
	struct map *asked;		/* peer op -> struct asked of whatsapp_in.c */
	struct map *last;		/* whom it is about -> the last struct asked of it */
	struct list ready;		/* of them, whose turn has come; empty but while one is `starting` */
	bool starting;
	int stopped;			/* how many numbers */
};

/* The calls' common head: "Authorization: Bearer ..." goes out into `header`, the URL into `url`. */
#define WA_HEADER_MAX 600
void wa_call(const struct wa_number *n, const void *body, size_t len, int64_t timeout_ms, uint64_t op,
    void (*done)(void *arg, uint64_t op, const struct http_result *r), void *arg);

/* What an error, of an answer or of a webhook, means for all that is sent from the number. retry_ms -1: not said. */
void wa_number_trouble(struct wa_number *n, enum wa_class c, int code, int64_t retry_ms);
void wa_number_well(struct wa_number *n);	/* a message was taken */

/* whatsapp_mark.c: marks a message as read, as far as there is room; best effort. */
void wa_mark(struct wa_number *n, const char *message_id);
