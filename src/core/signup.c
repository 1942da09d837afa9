/* SPDX-License-Identifier: Apache-2.0 */
#include "core/signup.h"

#include <string.h>

#include "base/str.h"
#include "core/pin_write.h"
#include "core/wallet_rows.h"

#define PAUSE_MS INT64_C(1000)		/* after the first look in vain; then twice as long each time */
#define PAUSE_MOST_MS INT64_C(60000)
#define PAUSE_LATE_MS INT64_C(600000)	/* of one that is late: an operator has been called */

static const struct rec_field fields[] = {
	REC(1, REC_STR, signup, owner), REC(2, REC_STR, signup, tenant), REC(3, REC_STR, signup, phone),
	REC(4, REC_STR, signup, lang), REC(5, REC_STR, signup, service_code), REC(6, REC_INT, signup, state),
	REC(7, REC_INT, signup, why), REC(8, REC_STR, signup, uid), REC(9, REC_STR, signup, wallet_uid),
	REC(10, REC_STR, signup, first_name), REC(11, REC_STR, signup, surname), REC(12, REC_STR, signup, id_number),
	REC(13, REC_STR, signup, passport), REC(14, REC_STR, signup, birth), REC(15, REC_STR, signup, password),
	REC_VAR(16, signup, mac, mac_len), REC(17, REC_INT, signup, key_id), REC(18, REC_BOOL, signup, local),
	REC(19, REC_I64, signup, begun_at), REC(20, REC_I64, signup, customer_id),
	REC(21, REC_I64, signup, wallet_id), REC(22, REC_BOOL, signup, identity),
	REC(23, REC_BOOL, signup, ratified), REC(24, REC_BOOL, signup, offered), REC(25, REC_INT, signup, sends),
	REC(26, REC_I64, signup, sent_at), REC(27, REC_BOOL, signup, absent), REC(28, REC_BOOL, signup, update),
	REC(29, REC_BOOL, signup, refused), REC(30, REC_BOOL, signup, unanswered),
	REC(31, REC_I64, signup, identity_at), REC(32, REC_I64, signup, not_before), REC(33, REC_INT, signup, tries),
	REC(34, REC_I64, signup, next_at), REC(35, REC_BOOL, signup, noted), REC(36, REC_BOOL, signup, told),
	REC(37, REC_I64, signup, doubt_at),
};

static const char *const action_name[SIGNUP_ACTIONS] = {
	"over", "wait", "find_customer", "make_customer", "write_identity", "try_login", "ratify", "find_wallet",
	"read_types", "make_wallet", "note", "say",
};

void
signup_encode(const struct signup *s, struct buf *out)
{
	rec_encode(fields, NELEM(fields), s, &s->rest, out);
}

bool
signup_decode(const void *octets, size_t n, struct signup *out)
{
	return rec_decode(fields, NELEM(fields), octets, n, out, &out->rest) &&
	    (unsigned)out->state < SIGNUP_STATES && (unsigned)out->why < SIGNUP_REASONS;
}

const char *
signup_action_name(enum signup_action a)
{
	return action_name[a];
}

/* ---- its course ---- */

static void
forget_person(struct signup *s)
{
	mem_wipe(s->first_name, sizeof s->first_name);
	mem_wipe(s->surname, sizeof s->surname);
	mem_wipe(s->id_number, sizeof s->id_number);
	mem_wipe(s->passport, sizeof s->passport);
	mem_wipe(s->birth, sizeof s->birth);
}

static void
end(struct signup *s, enum signup_state state, enum signup_why why)
{
	s->state = state;
	s->why = why;
	forget_person(s);
	mem_wipe(s->password, sizeof s->password);
	s->next_at = 0;
}

/* One thing is there: the next one begins without a history. */
static void
got_on(struct signup *s)
{
	s->sends = s->tries = 0;
	s->sent_at = s->next_at = 0;
	s->absent = false;
}

bool
signup_late(const struct signup *s, int64_t now)
{
	return s->state == SIGNUP_RUNNING && now - s->begun_at >= SIGNUP_LATE_MS;
}

static void
later(struct signup *s, int64_t now)
{
	int64_t pause = PAUSE_MS << (s->tries < 6 ? s->tries : 6);

	s->tries++;
	s->next_at = now + (signup_late(s, now) ? PAUSE_LATE_MS : pause < PAUSE_MOST_MS ? pause : PAUSE_MOST_MS);
}

/*
 * Something that was sent may still come about. A wallet that may be there is looked for until the core says; before
 * that "not opened" is true as soon as nothing can land any more.
 */
static bool
in_doubt(const struct signup *s, int64_t now)
{
	if (s->customer_id != 0 && !s->identity)
		return now - (s->unanswered ? s->identity_at : s->doubt_at) < SIGNUP_ABSENT_MS;
	if (s->customer_id != 0)
		return s->sends > 0 && !s->absent;
	return s->sends > 0 && now - s->sent_at < SIGNUP_ABSENT_MS;
}

static enum signup_action
next_of_create(const struct signup *s, enum signup_action find, enum signup_action make)
{
	return s->absent ? make : find;
}

static enum signup_action
next_step(const struct signup *s)
{
	if (s->customer_id == 0)
		return next_of_create(s, SIGNUP_FIND_CUSTOMER, SIGNUP_MAKE_CUSTOMER);
	if (!s->identity)
		return s->unanswered ? SIGNUP_TRY_LOGIN : SIGNUP_WRITE_IDENTITY;
	if (!s->ratified)
		return SIGNUP_RATIFY;
	if (s->absent && !s->offered)
		return SIGNUP_READ_TYPES;
	return next_of_create(s, SIGNUP_FIND_WALLET, SIGNUP_MAKE_WALLET);
}

static bool
gives_up(const struct signup *s, int64_t now)
{
	if (s->customer_id == 0 && s->sends == 0 && s->tries >= SIGNUP_FIRST_LOOKS)
		return true;
	return now - s->begun_at >= SIGNUP_SEND_MS && !in_doubt(s, now);
}

static enum signup_action
next_of_ended(const struct signup *s)
{
	if (!s->noted)
		return SIGNUP_NOTE;
	return s->told ? SIGNUP_OVER : SIGNUP_SAY;
}

enum signup_action
signup_next(struct signup *s, int64_t now, int64_t *at)
{
	enum signup_action a;

	if (s->state == SIGNUP_RUNNING && gives_up(s, now))
		end(s, SIGNUP_NOT_DONE, SIGNUP_FAILED);
	if (s->state != SIGNUP_RUNNING)
		return next_of_ended(s);
	*at = s->next_at;
	if (now < *at)
		return SIGNUP_WAIT;
	a = next_step(s);
	if (a != SIGNUP_WRITE_IDENTITY)
		return a;
	/* What is only waited for, because an earlier one may land, is not sent once more. */
	*at = now - s->begun_at >= SIGNUP_SEND_MS ? s->doubt_at + SIGNUP_ABSENT_MS : s->not_before;
	return now < *at ? SIGNUP_WAIT : a;
}

/* ---- writing ---- */

bool
signup_writes(enum signup_action a)
{
	return a == SIGNUP_MAKE_CUSTOMER || a == SIGNUP_WRITE_IDENTITY || a == SIGNUP_RATIFY || a == SIGNUP_MAKE_WALLET;
}

void
signup_sending(struct signup *s, enum signup_action a, int64_t now)
{
	if (a == SIGNUP_MAKE_CUSTOMER || a == SIGNUP_MAKE_WALLET) {
		s->sends++;
		s->sent_at = now;
		s->absent = false;
	} else if (a == SIGNUP_WRITE_IDENTITY) {
		s->unanswered = true;		/* until an answer is saved */
		s->identity_at = now;
	}
}

static void
request_customer(const struct signup *s, struct wallet_req *q)
{
	str_copy(q->uid, sizeof q->uid, s->uid);
	str_copy(q->phone, sizeof q->phone, s->phone);
	str_copy(q->first_name, sizeof q->first_name, s->first_name);
	str_copy(q->surname, sizeof q->surname, s->surname);
	str_copy(q->id_number, sizeof q->id_number, s->id_number);
	str_copy(q->passport, sizeof q->passport, s->passport);
	str_copy(q->birth, sizeof q->birth, s->birth);
	str_copyn(q->lang, sizeof q->lang, s->lang, strnlen(s->lang, 2));
}

void
signup_request(const struct signup *s, enum signup_action a, const struct wallet_settings *w, struct wallet_req *q)
{
	static const enum wallet_op op[SIGNUP_ACTIONS] = {
		[SIGNUP_FIND_CUSTOMER] = WALLET_CUSTOMERS, [SIGNUP_MAKE_CUSTOMER] = WALLET_CUSTOMER_CREATE,
		[SIGNUP_WRITE_IDENTITY] = WALLET_IDENTITY_CREATE, [SIGNUP_TRY_LOGIN] = WALLET_LOGIN,
		[SIGNUP_RATIFY] = WALLET_RATIFY, [SIGNUP_FIND_WALLET] = WALLET_LIST,
		[SIGNUP_READ_TYPES] = WALLET_TYPES, [SIGNUP_MAKE_WALLET] = WALLET_CREATE,
	};

	memset(q, 0, sizeof *q);
	q->op = op[a];
	q->customer_id = s->customer_id;
	if (a == SIGNUP_FIND_CUSTOMER)
		str_copy(q->phone, sizeof q->phone, s->phone);
	else if (a == SIGNUP_MAKE_CUSTOMER)
		request_customer(s, q);
	else if (a == SIGNUP_MAKE_WALLET) {
		q->wallet_type_id = w->wallet_type_id;
		str_copy(q->uid, sizeof q->uid, s->wallet_uid);
	} else if (a == SIGNUP_WRITE_IDENTITY || a == SIGNUP_TRY_LOGIN) {
		pin_identity(w, s->customer_id, s->key_id, q->identity);
		str_copy(q->password, sizeof q->password, s->password);
		if (a == SIGNUP_WRITE_IDENTITY && s->update)
			q->op = WALLET_IDENTITY_UPDATE;
	}
}

/* ---- answers ---- */

/* A list that was read and has not got it: believed at once only where nothing was sent. */
static void
not_listed(struct signup *s, int64_t now, int64_t asked_at)
{
	if (s->sends > 0 && asked_at - s->sent_at < SIGNUP_ABSENT_MS) {
		later(s, now);
		return;
	}
	s->absent = true;
}

static void
identity_there(struct signup *s)
{
	s->identity = true;
	s->unanswered = false;
	if (!s->local)
		mem_wipe(s->password, sizeof s->password);
	got_on(s);
}

static void
customer_there(struct signup *s, int64_t id)
{
	s->customer_id = id;
	forget_person(s);
	got_on(s);
	if (s->local)
		identity_there(s);
}

static void
on_customers(struct signup *s, int64_t now, int64_t asked_at, const struct wallet_answer *a)
{
	const struct wallet_customer *c = wallet_customer_of(a, s->phone);

	/* Rows of strangers, or more than were read: a core that ignores the search has said nothing. */
	if (a->end != WALLET_DONE || (c == NULL && (a->n > 0 || a->more)))
		later(s, now);
	else if (c == NULL)
		not_listed(s, now, asked_at);
	else if (strcmp(c->uid, s->uid) == 0)
		customer_there(s, c->id);
	else
		end(s, SIGNUP_NOT_DONE, SIGNUP_TAKEN);
}

static void
wallet_there(struct signup *s, int64_t id)
{
	s->wallet_id = id;
	end(s, SIGNUP_DONE, SIGNUP_WHY_NONE);
}

static void
on_wallets(struct signup *s, int64_t now, int64_t asked_at, const struct wallet_settings *w,
    const struct wallet_answer *a)
{
	const struct wallet_wallet *there = wallet_wallet_of(a, w->wallet_type_id, s->customer_id);

	if (a->end == WALLET_DONE && there != NULL)
		wallet_there(s, there->id);
	else if (a->end != WALLET_DONE || a->more)
		later(s, now);
	else
		not_listed(s, now, asked_at);
}

/* An answer that is not the thing itself: refused for good only where nothing else was ever sent. */
static void
not_made(struct signup *s, int64_t now, enum wallet_end how)
{
	if (how == WALLET_REFUSED && s->sends == 1) {
		end(s, SIGNUP_NOT_DONE, SIGNUP_REFUSED);
		return;
	}
	if (how == WALLET_LATER || how == WALLET_AUTH)
		s->sends--;		/* not processed */
	later(s, now);
}

static void
on_customer_made(struct signup *s, int64_t now, const struct wallet_answer *a)
{
	if (a->end == WALLET_DONE && a->n == 1 && a->customer[0].id != 0)
		customer_there(s, a->customer[0].id);
	else
		not_made(s, now, a->end);
}

static void
on_wallet_made(struct signup *s, int64_t now, const struct wallet_answer *a)
{
	if (a->end == WALLET_DONE && a->n == 1 && a->wallet[0].id != 0)
		wallet_there(s, a->wallet[0].id);
	else
		not_made(s, now, a->end);
}

/* It may be there, with another PIN or of an older try: the other way. Refused both ways it cannot be. */
static void
on_identity(struct signup *s, int64_t now, const struct wallet_answer *a)
{
	switch (a->end) {
	case WALLET_DONE:
		identity_there(s);
		break;
	case WALLET_REFUSED:
		s->unanswered = false;
		s->update = !s->update;
		if (s->refused && s->tries > 2 && s->doubt_at == 0)
			end(s, SIGNUP_NOT_DONE, SIGNUP_REFUSED);
		else if (s->refused)
			later(s, now);
		s->refused = true;
		break;
	case WALLET_AUTH:
	case WALLET_LATER:
		s->unanswered = false;
		later(s, now);
		break;
	case WALLET_UNKNOWN:
		break;			/* whom the password lets in has it */
	}
}

/* Not let in: it is written again, which changes nothing should the first one land after all. */
static void
on_login(struct signup *s, int64_t now, const struct wallet_answer *a)
{
	s->doubt_at = s->identity_at;
	if (a->end == WALLET_DONE) {
		identity_there(s);
		return;
	}
	if (a->end == WALLET_AUTH || a->end == WALLET_REFUSED)
		s->unanswered = false;
	later(s, now);
}

static void
on_ratified(struct signup *s, int64_t now, const struct wallet_answer *a)
{
	if (a->end == WALLET_DONE && a->kyc_passed) {
		s->ratified = true;
		got_on(s);
	} else if (a->end == WALLET_DONE || a->end == WALLET_REFUSED)
		end(s, SIGNUP_NOT_DONE, SIGNUP_REFUSED);
	else
		later(s, now);
}

static void
on_types(struct signup *s, int64_t now, const struct wallet_settings *w, const struct wallet_answer *a)
{
	if (a->end != WALLET_DONE) {
		later(s, now);
		return;
	}
	for (int i = 0; i < a->n; i++)
		s->offered |= a->wallet_type[i] == w->wallet_type_id;
	if (!s->offered)
		end(s, SIGNUP_NOT_DONE, SIGNUP_REFUSED);
}

void
signup_on_answer(struct signup *s, enum signup_action a, int64_t now, int64_t asked_at,
    const struct wallet_settings *w, const struct wallet_answer *answer)
{
	switch (a) {
	case SIGNUP_FIND_CUSTOMER:
		on_customers(s, now, asked_at, answer);
		break;
	case SIGNUP_MAKE_CUSTOMER:
		on_customer_made(s, now, answer);
		break;
	case SIGNUP_WRITE_IDENTITY:
		on_identity(s, now, answer);
		break;
	case SIGNUP_TRY_LOGIN:
		on_login(s, now, answer);
		break;
	case SIGNUP_RATIFY:
		on_ratified(s, now, answer);
		break;
	case SIGNUP_FIND_WALLET:
		on_wallets(s, now, asked_at, w, answer);
		break;
	case SIGNUP_READ_TYPES:
		on_types(s, now, w, answer);
		break;
	case SIGNUP_MAKE_WALLET:
		on_wallet_made(s, now, answer);
		break;
	default:
		break;
	}
}

/* ---- the subscriber ---- */

/* A write that had no answer may still land: another PIN is not written before. */
static int64_t
lands_until(const struct subscriber *sub)
{
	return sub->pin_unanswered_at != 0 ? sub->pin_unanswered_at + PIN_WRITE_LANDS_MS : 0;
}

void
signup_lost(struct subscriber *sub, int64_t now)
{
	sub->signup_open = false;
	sub->pin_unanswered_at = now;
}

void
signup_begin(struct signup *s, struct subscriber *sub, int64_t now)
{
	s->state = SIGNUP_RUNNING;
	s->begun_at = now;
	s->not_before = lands_until(sub);
	if (sub->signup_uid[0] != '\0') {		/* of an earlier one that did not come to its end */
		str_copy(s->uid, sizeof s->uid, sub->signup_uid);
		str_copy(s->wallet_uid, sizeof s->wallet_uid, sub->signup_wallet_uid);
		if (sub->signup_customer_id != 0)
			customer_there(s, sub->signup_customer_id);
		else if (now < s->not_before) {		/* its create may still land, as its PIN */
			s->sends = 1;
			s->sent_at = sub->pin_unanswered_at;
		}
		s->update = sub->signup_identity;
		s->ratified = sub->signup_ratified;
	}
	str_copy(sub->signup_uid, sizeof sub->signup_uid, s->uid);
	str_copy(sub->signup_wallet_uid, sizeof sub->signup_wallet_uid, s->wallet_uid);
	sub->signup_open = true;
	sub->signup_untold = SIGNUP_TOLD;
}

/* What was under way for who had the number before is not any more. */
static void
note_done(const struct signup *s, struct subscriber *sub)
{
	sub->has_pin = true;
	sub->pin_key_id = s->key_id;
	if (s->local) {
		memcpy(sub->pin_mac, s->mac, sizeof s->mac);
		sub->pin_mac_len = sizeof s->mac;
	}
	sub->customer_id = s->customer_id;
	str_copy(sub->customer_uid, sizeof sub->customer_uid, s->uid);
	sub->wallet_id = s->wallet_id;
	sub->signup_uid[0] = sub->signup_wallet_uid[0] = '\0';
	sub->signup_customer_id = 0;
	sub->signup_identity = sub->signup_ratified = false;
	sub->has_old_key = false;
	sub->pin_write = PIN_WRITE_NONE;
	sub->reset_from = 0;
	if (sub->lang[0] == '\0')
		str_copy(sub->lang, sizeof sub->lang, s->lang);
}

void
signup_note(struct signup *s, struct subscriber *sub)
{
	s->noted = true;
	sub->signup_open = false;
	sub->signup_untold = s->state == SIGNUP_DONE ? SIGNUP_UNTOLD_DONE : SIGNUP_UNTOLD_NOT_DONE;
	if (s->doubt_at > sub->pin_unanswered_at)
		sub->pin_unanswered_at = s->doubt_at;
	if (s->unanswered && s->identity_at > sub->pin_unanswered_at)
		sub->pin_unanswered_at = s->identity_at;
	if (s->state == SIGNUP_DONE) {
		note_done(s, sub);
		return;
	}
	sub->signup_customer_id = s->customer_id;
	sub->signup_identity = s->identity;
	sub->signup_ratified = s->ratified;
}
