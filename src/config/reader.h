/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of src/config only: one document being read into the settings. */
#pragma once
#include "base/buf.h"
#include "config/config_options.h"
#include "core/jsondoc.h"

struct reader {
	struct settings *settings;
	struct jsondoc *doc;
	struct buf *problems;
	int tenant;			/* index of the one that the document describes,
	    -1 in the main file */
};

/*
 * One value into the member of `base` that the option names. `place` is what to say the line of,
 * since jansson shares true, false and null. false: a problem was added.
 */
bool reader_value(struct reader *r, const struct option *o, void *base, const json_t *value,
    const json_t *place);

/*
 * Rules between the options of one struct, after all of them were read; `node` is where it stands.
 */
void reader_check_bind(struct reader *r, struct bind_settings *b, const json_t *node);
/* Fills in the dialect of a bind with USSD (rules_ussd.c). */
void reader_check_ussd(struct reader *r, struct bind_settings *b, const json_t *node);
void reader_check_channel(struct reader *r, struct channel_settings *c,
    const struct option_group *g, const json_t *node);
/* Of USSD over HTTP: who may call (rules_ussd_http.c). */
void reader_check_proofs(struct reader *r, const struct channel_settings *c, const json_t *node);
/* rules_whatsapp.c */
void reader_check_whatsapp(struct reader *r, struct channel_settings *c, const json_t *node);
/* A tenant whose routes were read: whether tokens may go where they lead. */
void reader_check_token_routes(struct reader *r, const struct tenant_settings *t, const json_t *node);
void reader_check_chat_routes(struct reader *r, const struct tenant_settings *t, const json_t *node);
void reader_check_kind(struct reader *r, struct kind_settings *k, const json_t *node);
void reader_check_integrator(struct reader *r, struct integrator_settings *i, const json_t *node);
void reader_check_pin_key(struct reader *r, const struct pin_key *k, const json_t *node);
/* rules_operator.c; the tenants were read before. */
void reader_check_operator(struct reader *r, struct operator_settings *o, const json_t *node);
void reader_check_operators(struct reader *r, const json_t *root);	/* between all of them and the rest */
void reader_check_listen(struct reader *r, const json_t *root);		/* rules_listen.c */
void reader_check_tenant(struct reader *r, struct tenant_settings *t, const json_t *node);
