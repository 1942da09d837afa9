/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the phone of `isango dial` reaches a gateway: through the sandbox, which has networks and an
 * inbox of SMS, or straight to a ussd-http channel, as an aggregator would.
 */
#pragma once
#include <stdbool.h>

#include "core/phone.h"
#include "core/settings.h"

struct dial_way;
struct loop;

struct dial_events {
	/* A screen. Once for each dial and type; not after a hang-up. */
	void (*screen)(void *arg, const char *text, bool open);
	void (*failed)(void *arg, const char *why);	/* instead of it */
	void (*sms)(void *arg, const char *from, const char *text);
	/* A screen that nobody asked for: the gateway calls the phone up. Only while that is looked for. */
	void (*called_up)(void *arg, const char *text);
	void (*hung_up)(void *arg);			/* the gateway was told, or cannot be; once for each hang-up */
	void *arg;
};

struct dial_options {
	char from[PHONE_MAX];
	const char *sandbox;			/* its control listener's URL, or NULL */
	const char *via;			/* through the sandbox: NULL for SMPP, or an aggregator's dialect */
	const char *channel;			/* without a sandbox: the name of the channel, or NULL */
	bool twice;				/* without a sandbox: each input is delivered twice */
	const struct settings *settings;	/* without a sandbox; borrowed */
};

struct dial_way *dial_way_new(struct loop *l, const struct dial_options *o, const struct dial_events *events);
void dial_way_free(struct dial_way *w);
void dial_way_dial(struct dial_way *w, const char *code);
void dial_way_type(struct dial_way *w, const char *text);
void dial_way_hang_up(struct dial_way *w);
/* The phone is idle and may be called up, until it dials; through the sandbox only. */
void dial_way_idle(struct dial_way *w);
/* Room of a screen where the configuration says so, else 0. */
int dial_way_septets(const struct dial_way *w);
