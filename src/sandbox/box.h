/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the sandbox share: the loop, its own clock, its randomness, and each other.
 * Owned by main.c, which makes the parts in the order below and frees them in the reverse one.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "io/loop.h"
#include "sandbox/rng.h"
#include "sandbox/rules.h"

#define BOX_TENANT 5987
#define BOX_VIOLATIONS 200		/* kept; more are counted */

struct aggregators;
struct auth;
struct bank;
struct callbacks;
struct control;
struct core;
struct faults;
struct graph;
struct http_client;
struct phones;
struct smsc;
struct sms_providers;

struct box {
	struct loop *loop;
	struct rules rules;
	struct rng rng;
	int64_t clock_ahead;		/* ms that the sandbox's clock is ahead of the wall */
	/* Array of texts: what a peer did against its protocol, or the bank against itself. */
	json_t *violations;
	int64_t violations_n;
	struct http_client *http;
	struct bank *bank;
	struct auth *auth;
	struct faults *faults;
	struct callbacks *callbacks;
	struct core *core;
	struct smsc *smsc;
	struct phones *phones;
	struct aggregators *aggregators;
	struct graph *graph;		/* WhatsApp */
	struct sms_providers *sms;
	struct control *control;
};

static inline int64_t
box_now(const struct box *x)
{
	return loop_wall(x->loop) + x->clock_ahead;
}

void box_violation(struct box *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * What is due by the sandbox's clock: expiry, callbacks. Called by a timer, and when the clock is
 * moved.
 */
void box_tick(struct box *x);
