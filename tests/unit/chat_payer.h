/* SPDX-License-Identifier: Apache-2.0 */
/* A customer with a wallet who chats and has a phone beside it. */
#pragma once
#include "tests/unit/phone_line.h"

#include "tests/unit/chat_world.h"

static inline const char *
pin(const struct sim_world *w)
{
	return PAYER->pin;
}

static inline struct sim_world *
two_who_chat(void)
{
	struct sim_world *w = two_customers();

	chat_begin(w);
	str_copy(chatter.phone, sizeof chatter.phone, PAYER->phone);
	w->tenant.chat_pushes = 2;
	w->channels[SIM_USSD].service_codes_n = 1;
	str_copy(w->channels[SIM_USSD].service_codes[0], sizeof w->channels[SIM_USSD].service_codes[0], "*120*384#");
	return w;
}

static inline bool
says(struct sim_world *w, const char *words)
{
	return strstr(newest(w)->body, words) != NULL;
}

static inline void
chat_says(struct sim_world *w, const char *words)
{
	answers(w);
	if (!says(w, words))
		fail_msg("the chat says not \"%s\" but: %s", words, newest(w)->body);
}

static inline void
write_and_see(struct sim_world *w, const char *text, const char *words)
{
	typed(w, text);
	chat_says(w, words);
}

static inline void
begin_until_amount(struct sim_world *w)
{
	char payee[PHONE_MAX];

	str_format(payee, sizeof payee, "0%s", PAYEE->phone + 2);
	typed(w, "hi");
	answers(w);
	typed(w, "2");
	answers(w);
	typed(w, payee);
	answers(w);
}

/* Up to where the PIN is wanted. */
static inline void
begin_payment(struct sim_world *w)
{
	begin_until_amount(w);
	write_and_see(w, "50", "dial *120*384#");
	assert_false(says(w, "PIN to pay"));
}
