/* SPDX-License-Identifier: Apache-2.0 */
/* What a run has left behind, for the checks. */
#pragma once
#include "core/message.h"
#include "core/signup.h"
#include "tests/sim/sim_world.h"

struct told {			/* a message of the outbox */
	char id[MESSAGE_ID], intent[INTENT_ID], to[PHONE_MAX], text[MESSAGE_TEXT];
	enum message_class cls;
	enum message_state state;
};

struct limit_of {
	char phone[STORE_OWNER];
	int64_t month;
	struct limit limit;
};

struct evidence {
	struct sim_world *w;
	struct intent *intent;
	size_t intents;
	struct told *told;
	size_t tolds;
	struct limit_of *limit;
	size_t limits;
	struct subscriber *sub;
	size_t subs;
	struct signup *signup;
	size_t signups, pin_orders;
};

/* Index of the tenant of that name, or -1. */
int sim_tenant_of(const struct sim_world *w, const char *name);
/* ---- sim_chat.c ---- */
void sim_chat_check(struct evidence *e);
/* ---- sim_check_told.c: rules 2 and 7 ---- */
void sim_check_told(struct evidence *e);
