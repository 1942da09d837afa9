/* SPDX-License-Identifier: Apache-2.0 */
#include "core/subscriber.h"

#include <string.h>

#include "base/str.h"

static const struct rec_field fields[] = {
	REC(1, REC_STR, subscriber, lang), REC(2, REC_BOOL, subscriber, has_pin),
	REC(3, REC_INT, subscriber, pin_key_id), REC_VAR(4, subscriber, pin_mac, pin_mac_len),
	REC(5, REC_I64, subscriber, customer_id), REC(6, REC_I64, subscriber, wallet_id),
	REC(7, REC_STR, subscriber, customer_uid), REC(8, REC_STR, subscriber, open_intent),
	REC(9, REC_INT, subscriber, outcome), REC(10, REC_I64, subscriber, outcome_at),
	REC(11, REC_BOOL, subscriber, outcome_told),
	REC_VAR(12, subscriber, recent, recent_len), REC(13, REC_STR, subscriber, signup_uid),
	REC(14, REC_STR, subscriber, signup_wallet_uid),
	REC(15, REC_I64, subscriber, signup_customer_id),
	REC(16, REC_BOOL, subscriber, signup_identity),
	REC(17, REC_BOOL, subscriber, signup_ratified),
	REC_VAR(18, subscriber, code_mac, code_mac_len), REC(19, REC_I64, subscriber, code_until),
	REC(20, REC_INT, subscriber, code_tries), REC(21, REC_I64, subscriber, activated_at),
	REC(22, REC_STR, subscriber, day), REC(23, REC_INT, subscriber, lookups),
	REC(24, REC_INT, subscriber, refused_other), REC(25, REC_INT, subscriber, activations),
	REC(26, REC_I64, subscriber, spent),
	REC_VAR(27, subscriber, tokens, tokens_len),
	REC(28, REC_BOOL, subscriber, opted_out), REC(29, REC_I64, subscriber, opted_out_at),
	REC(60, REC_I64, subscriber, frozen_at),
	REC(61, REC_BOOL, subscriber, signup_open), REC(62, REC_INT, subscriber, signup_untold),
	REC(100, REC_INT, subscriber, pin_write), REC(101, REC_I64, subscriber, pin_write_at),
	REC(102, REC_INT, subscriber, pin_write_key), REC_VAR(103, subscriber, pin_write_mac, pin_write_mac_len),
	REC(104, REC_I64, subscriber, pin_unanswered_at), REC(105, REC_BOOL, subscriber, pin_write_excused),
	REC(106, REC_BOOL, subscriber, has_old_key), REC(107, REC_INT, subscriber, pin_old_key),
	REC(108, REC_I64, subscriber, pin_key_at), REC_VAR(109, subscriber, sim_mac, sim_mac_len),
	REC(110, REC_I64, subscriber, sim_changed_at), REC(111, REC_I64, subscriber, reset_from),
	REC(112, REC_INT, subscriber, resets), REC(113, REC_INT, subscriber, id_checks),
	REC(114, REC_BOOL, subscriber, reset_warned),
};

void
subscriber_encode(const struct subscriber *s, struct buf *out)
{
	rec_encode(fields, NELEM(fields), s, &s->rest, out);
}

bool
subscriber_decode(const void *octets, size_t n, struct subscriber *out)
{
	return rec_decode(fields, NELEM(fields), octets, n, out, &out->rest) &&
	    out->recent_len % sizeof out->recent[0] == 0 && (unsigned)out->outcome <= OUTCOME_CHECKING &&
	    (unsigned)out->pin_write < PIN_WRITE_KINDS && (unsigned)out->signup_untold <= SIGNUP_UNTOLD_NOT_DONE;
}

void
subscriber_new_day(struct subscriber *s, const char today[9])
{
	if (strcmp(s->day, today) == 0)
		return;
	if (!str_copy(s->day, sizeof s->day, today))
		s->day[0] = '\0';
	s->lookups = s->refused_other = s->activations = s->resets = s->id_checks = 0;
	s->spent = 0;
}

static void
push(struct recent_payment ring[RECENT_PAYMENTS], uint32_t *len, const unsigned char payee[16], int64_t amount,
    int64_t at_ms)
{
	memmove(&ring[1], &ring[0], (RECENT_PAYMENTS - 1) * sizeof ring[0]);
	memcpy(ring[0].payee, payee, 16);
	ring[0].amount = amount;
	ring[0].at_ms = at_ms;
	if (*len < RECENT_PAYMENTS * sizeof ring[0])
		*len += (uint32_t)sizeof ring[0];
}

void
subscriber_add_recent(struct subscriber *s, const unsigned char payee[16], int64_t amount, int64_t at_ms)
{
	push(s->recent, &s->recent_len, payee, amount, at_ms);
}

void
subscriber_add_token(struct subscriber *s, const unsigned char payee[16], int64_t amount, int64_t at_ms)
{
	push(s->tokens, &s->tokens_len, payee, amount, at_ms);
}

int64_t
subscriber_find_recent(const struct subscriber *s, const unsigned char payee[16], int64_t amount, int64_t now,
    int64_t within_ms)
{
	for (size_t i = 0; i < s->recent_len / sizeof s->recent[0]; i++)
		if (s->recent[i].amount == amount && now - s->recent[i].at_ms < within_ms &&
		    memcmp(s->recent[i].payee, payee, 16) == 0)
			return s->recent[i].at_ms;
	return 0;
}

void
subscriber_opt_out(struct subscriber *s, bool out, int64_t now)
{
	if (s->opted_out != out)
		s->opted_out_at = now;
	s->opted_out = out;
}

int
subscriber_count_tokens(const struct subscriber *s, const unsigned char payee[16], int64_t since_ms)
{
	int n = 0;

	for (size_t i = 0; i < s->tokens_len / sizeof s->tokens[0]; i++)
		n += s->tokens[i].at_ms >= since_ms && memcmp(s->tokens[i].payee, payee, 16) == 0;
	return n;
}

bool
subscriber_tokens_full(const struct subscriber *s, int64_t since_ms)
{
	return s->tokens_len == sizeof s->tokens && s->tokens[RECENT_PAYMENTS - 1].at_ms >= since_ms;
}
