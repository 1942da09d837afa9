/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aggregators of USSD over HTTP, one of each dialect at most: they carry what a phone types to the gateway as that
 * provider does (provider/provider.h), wait as long as it does, and take only replies that it would take.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/mem.h"
#include "provider/provider.h"
#include "sandbox/phone.h"

struct aggregator;
struct aggregators;
struct box;

struct aggregator_options {		/* what is NULL stays as it was, or is the provider's own at first */
	const char *url;		/* "http://127.0.0.1:8080/ussd/acme-ussd-at" */
	const char *event_url;		/* where the end of a dialogue is told; else url */
	const char *key;
	const char *proof, *name;	/* see provider_proof_find() and struct provider_site */
};

struct aggregators *aggregators_new(struct box *x);
void aggregators_free(struct aggregators *all);
/*
 * Makes the aggregator of that dialect, or changes it: a gateway that took a free port. false: there is no such
 * dialect or proof, or a new one has no url; why says so.
 */
bool aggregators_set(struct aggregators *all, const char *dialect, const struct aggregator_options *o,
    const char **why) MUST_CHECK;
/* By the name of its dialect; "http" is africastalking. NULL: none was made. */
struct aggregator *aggregators_find(struct aggregators *all, const char *dialect);
json_t *aggregators_counts(const struct aggregators *all);

/* A dialogue whose `aggregator` this is; see dialogue_send() and so on. */
bool aggregator_send(struct aggregator *a, struct dialogue *d, enum dialogue_step step, const char *text) MUST_CHECK;
void aggregator_hangup(struct aggregator *a, struct dialogue *d, bool in_time);
void aggregator_forget(struct aggregator *a, struct dialogue *d);
