/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to customers outside the dialogue: messages made from intents, ready for the outbox. */
#pragma once
#include "core/intent.h"
#include "core/message.h"
#include "service/task.h"

/* The message of one step of an intent; false when nothing is to be said (no text, no route, nobody). */
bool say_intent(struct gateway *gw, int tenant, const struct intent *i, enum intent_action what, struct message *m);
/* For the nth time: the token (DO_RESEND_SMS), or that it could not be cancelled. Each has an id of its own. */
bool say_again(struct gateway *gw, int tenant, const struct intent *i, enum intent_action what, int n,
    struct message *m);
/* Any other text of the templates. `id` must be the same for each try to say the same thing. */
bool say_text(struct gateway *gw, int tenant, enum message_class cls, const char *id, const char *to, const char *lang,
    const char *key, const struct vars *vars, struct message *m);
enum store_family say_outbox(const struct message *m);	/* the list that it waits in */
/* Adds a new message and its place in the outbox to a commit that holds nothing else; CONFLICT means it is there. */
void say_put(struct gateway *gw, struct store_commit *c, const struct message *m);
int64_t say_token_life_ms(const struct tenant_settings *t, const char *type);
/* What customers dial to reach the tenant; "" where it has no USSD. */
const char *say_service_code(const struct gateway *gw, int tenant);
/* A text with title, help_phone, service_code and `vars`; false: there is none, or it does not fit. */
bool say_fill(const struct gateway *gw, int tenant, const char *lang, const char *key, struct vars *vars, char *out,
    size_t size) MUST_CHECK;
const char *say_lang(const struct tenant_settings *t, const char *lang);
