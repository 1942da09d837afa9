/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A customer's password at the wallet core being written: a new key, a new PIN. Saved in the subscriber's record before
 * it is sent. One that was not answered may still land for a quarter of an hour, so that nothing else is written until
 * then; until it is known what it came to, either PIN may be the right one (money.md sections 3 and 6).
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "core/settings.h"
#include "core/subscriber.h"

#define PIN_WRITE_SENT_MS INT64_C(120000)			/* it is sent again for so long */
#define PIN_WRITE_LANDS_MS (PIN_WRITE_SENT_MS + INT64_C(900000))	/* after its begin: landed by then, or never */
#define PIN_RETIRE_AFTER_MS INT64_C(60000)			/* by then nobody logs in with the identity of before */
#define PIN_CAREFUL_MS INT64_C(259200000)			/* 72 h: little is paid after a new PIN or SIM */
#define PIN_RESET_OPEN_MS INT64_C(259200000)			/* a new PIN may be set for so long after the wait */

struct pin_write {
	enum pin_write_kind kind;
	int key_id;			/* of the identity that is written */
	unsigned char mac[16];		/* keyed, of the password */
};

/* NULL: that key is not configured. */
const unsigned char *pin_key_of(const struct wallet_settings *w, int id);

/* The customer's user name at the wallet core. */
void pin_identity(const struct wallet_settings *w, int64_t customer_id, int key_id, char out[41]);

/* false: another write may still land, or the customer is not the one any more. Repeated it changes nothing. */
bool pin_write_begin(struct subscriber *s, const struct pin_write *w, int64_t now) MUST_CHECK;
void pin_write_done(struct subscriber *s, const struct pin_write *w, bool local, int64_t now);
void pin_write_refused(struct subscriber *s, const struct pin_write *w);
void pin_write_unanswered(struct subscriber *s, const struct pin_write *w, int64_t now);

/* What is to be written after a right PIN, or PIN_WRITE_NONE. */
enum pin_write_kind pin_write_due(const struct subscriber *s, int newest, bool local, int64_t now);

/* The PIN is that of a write whose end is not known; its identity is that of s->pin_write_key. */
bool pin_write_matches(const struct subscriber *s, const unsigned char mac[16]);
/* A PIN was right; `mac` is of its password. */
void pin_write_proven(struct subscriber *s, const unsigned char mac[16], int64_t now);
/* A PIN was wrong: true when that is our doing, and no try of the customer's. */
bool pin_write_excuses(struct subscriber *s, const unsigned char mac[16], int64_t now);

/* ---- a forgotten PIN ---- */
enum pin_reset { PIN_RESET_NONE, PIN_RESET_WAITING, PIN_RESET_READY };
enum pin_reset pin_reset_state(const struct subscriber *s, int64_t now);
/* The wait, and the code that would begin one. */
void pin_reset_stop(struct subscriber *s);

/* ---- the SIM ---- */
/* Learns the SIM that was seen first; true when it is another one than before. */
bool sim_see(struct subscriber *s, const unsigned char mac[16], int64_t now);
void sim_changed(struct subscriber *s, int64_t at);
bool sim_is_new(const struct subscriber *s, int64_t now);
/* Little may be paid: the PIN or the SIM is younger than 72 h. */
bool subscriber_is_young(const struct subscriber *s, int64_t now);
