/* SPDX-License-Identifier: Apache-2.0 */
/* An intent as octets, and the words for what it can be. Numbers of fields are for ever. */
#include "core/intent.h"

static const struct rec_field fields[] = {
	REC(1, REC_STR, intent, id), REC(2, REC_STR, intent, owner), REC(3, REC_STR, intent, tenant),
	REC(4, REC_STR, intent, integrator), REC(5, REC_STR, intent, channel),
	REC(6, REC_STR, intent, phone), REC(7, REC_STR, intent, lang), REC(8, REC_INT, intent, kind),
	REC(9, REC_INT, intent, state), REC(10, REC_INT, intent, why), REC(11, REC_I64, intent, wallet_id),
	REC(12, REC_I64, intent, to_wallet_id), REC(13, REC_STR, intent, to_phone),
	REC(14, REC_STR, intent, to_name), REC(15, REC_I64, intent, amount), REC(16, REC_I64, intent, fee),
	REC(17, REC_STR, intent, type), REC(18, REC_BOOL, intent, counts),
	REC(19, REC_BOOL, intent, gateway_sends), REC(20, REC_BOOL, intent, as_customer),
	REC(21, REC_I64, intent, customer_id), REC(22, REC_STR, intent, menu_version),
	REC(23, REC_I64, intent, shown_at), REC(24, REC_I64, intent, shown_until),
	REC(25, REC_I64, intent, accepted_at), REC(26, REC_I64, intent, not_after),
	REC(27, REC_INT, intent, attempts), REC(28, REC_STR, intent, process),
	REC(29, REC_I64, intent, lease_until), REC(30, REC_I64, intent, first_send),
	REC(31, REC_I64, intent, last_send), REC(32, REC_INT, intent, asks),
	REC(33, REC_I64, intent, next_at), REC(34, REC_I64, intent, limit_month),
	REC(35, REC_INT, intent, limit), REC(36, REC_INT, intent, steps), REC(37, REC_INT, intent, resends),
	REC(38, REC_I64, intent, withdrawal_id), REC(39, REC_I64, intent, token_expires),
	REC(40, REC_I64, intent, core_fee), REC(41, REC_STR, intent, token),
	REC(42, REC_INT, intent, core_status), REC(43, REC_I64, intent, finished_at),
	REC(44, REC_BOOL, intent, cancel), REC(45, REC_INT, intent, cancels), REC(46, REC_STR, intent, code),
	REC(47, REC_STR, intent, uid), REC_VAR(48, intent, payload_mac, payload_mac_len),
	REC(60, REC_I64, intent, person_at), REC(61, REC_I64, intent, resolved_at), REC(62, REC_INT, intent, resolves),
	REC(70, REC_BOOL, intent, paid_late), REC(71, REC_INT, intent, final_looks),
	REC(80, REC_BOOL, intent, hinted), REC(81, REC_INT, intent, hint_reads), REC(82, REC_BOOL, intent, called),
	REC(83, REC_INT, intent, follow_longest_s),
	REC(85, REC_STR, intent, callback), REC(86, REC_INT, intent, told), REC(87, REC_INT, intent, tells),
	REC(88, REC_I64, intent, tell_at),
	REC(90, REC_INT, intent, resent), REC(91, REC_INT, intent, kept), REC(92, REC_INT, intent, kept_told),
};

static const char *const state_name[INTENT_STATES] = {
	"shown", "accepted", "running", "asking", "done", "not_done", "lapsed", "declined", "person",
};
static const char *const why_name[WHY_REASONS] = {
	"", "short", "barred", "limit", "refused", "expired", "unknown", "unknown", "busy", "limit", "closed",
};
static const char *const action_name[INTENT_ACTIONS] = {
	"nothing", "wait", "cap", "index", "refer", "reserve", "commit_limit", "release_limit", "send", "ask",
	"follow", "cancel", "note", "token_sms", "result_sms", "receiver_sms", "final_sms", "tell", "resend_sms",
	"kept_sms",
};

void
intent_encode(const struct intent *i, struct buf *out)
{
	rec_encode(fields, NELEM(fields), i, &i->rest, out);
}

bool
intent_decode(const void *octets, size_t n, struct intent *out)
{
	return rec_decode(fields, NELEM(fields), octets, n, out, &out->rest) &&
	    (unsigned)out->state < INTENT_STATES && (unsigned)out->why < WHY_REASONS &&
	    (unsigned)out->kind <= INTENT_WITHDRAWAL && (unsigned)out->limit <= ILIMIT_RELEASED &&
	    (unsigned)out->core_status <= WSTATUS_ERROR + 1;
}

const char *
intent_state_name(enum intent_state s)
{
	return state_name[s];
}

const char *
intent_why_name(enum intent_why w)
{
	return why_name[w];
}

const char *
intent_action_name(enum intent_action a)
{
	return action_name[a];
}
