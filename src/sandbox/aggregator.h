/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An aggregator of USSD over HTTP in the Africa's Talking dialect: posts the whole history, reads
 * CON and END.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/mem.h"
#include "sandbox/phone.h"

struct aggregator;
struct box;

struct aggregator_options {
	const char *url;		/* "http://127.0.0.1:8080/ussd/acme-ussd-at" */
	const char *event_url;		/* NULL: events go to url too */
	const char *key;		/* for ?key=, or "" */
};

struct aggregator *aggregator_new(struct box *x, const struct aggregator_options *o);
void aggregator_free(struct aggregator *a);
/* Posts to that address from now on, events too: a gateway that took a free port. */
void aggregator_move(struct aggregator *a, const char *url);
bool aggregator_send(struct aggregator *a, struct dialogue *d, enum dialogue_step step,
    const char *text) MUST_CHECK;
void aggregator_hangup(struct aggregator *a, struct dialogue *d);
void aggregator_forget(struct aggregator *a, struct dialogue *d);
json_t *aggregator_counts(const struct aggregator *a);
