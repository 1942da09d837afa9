/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the gateway remembers of one phone at one tenant across dialogues: language, who it is at the wallet core, the
 * intent that is open, what became of the last ones, how far a sign-up came. No PIN, no name, no balance.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/record.h"
#include "core/wallet.h"

#define RECENT_PAYMENTS 16
#define INTENT_ID 40

/* What is written of a customer's password at the wallet core: core/pin_write.h. */
enum pin_write_kind { PIN_WRITE_NONE, PIN_WRITE_ROTATE, PIN_WRITE_CHANGE, PIN_WRITE_ACTIVATE, PIN_WRITE_RESET,
    PIN_WRITE_RETIRE, PIN_WRITE_KINDS };

enum outcome_state { OUTCOME_NONE, OUTCOME_DONE, OUTCOME_NOT_DONE, OUTCOME_CHECKING };

enum signup_untold { SIGNUP_TOLD, SIGNUP_UNTOLD_DONE, SIGNUP_UNTOLD_NOT_DONE };

struct recent_payment {			/* for "You sent R50.00 to T*** at 14:02. Send again?" */
	unsigned char payee[16];	/* keyed MAC */
	int64_t amount, at_ms;
};

struct subscriber {
	char lang[8];
	bool has_pin;			/* an identity with a PIN was made here */
	int pin_key_id;
	unsigned char pin_mac[32];	/* pin_check local */
	uint32_t pin_mac_len;
	int64_t customer_id, wallet_id;
	char customer_uid[WALLET_UID];
	char open_intent[INTENT_ID];	/* "" when none; one at a time */
	/* the last payment, to be said at the next dial, once */
	enum outcome_state outcome;
	int64_t outcome_at;		/* when it was confirmed */
	bool outcome_told;
	struct recent_payment recent[RECENT_PAYMENTS];
	uint32_t recent_len;		/* octets, the newest first */
	struct recent_payment tokens[RECENT_PAYMENTS];	/* the same of tokens alone, for the cap a day */
	uint32_t tokens_len;
	/* sign-up: how far its writes came */
	char signup_uid[WALLET_UID], signup_wallet_uid[WALLET_UID];
	int64_t signup_customer_id;
	bool signup_identity, signup_ratified;
	bool signup_open;		/* one is under way: its record is core/signup.h */
	enum signup_untold signup_untold;	/* how it ended, to be said at the next dial, once */
	/* activation */
	unsigned char code_mac[16];
	uint32_t code_mac_len;
	int64_t code_until;
	int code_tries;
	int64_t activated_at;
	/* caps a day */
	char day[9];
	int lookups, refused_other, activations;
	int64_t spent;			/* cents confirmed today, for the cap after an activation */
	/* notices: said no to by SMS or in a menu */
	bool opted_out;
	int64_t opted_out_at;		/* when that changed last, either way */
	int64_t frozen_at;		/* by an operator: it may do nothing; 0: it is not */
	/* a password that was sent to the core and is not known to be there */
	enum pin_write_kind pin_write;
	int64_t pin_write_at;
	int pin_write_key;
	unsigned char pin_write_mac[16];
	uint32_t pin_write_mac_len;
	int64_t pin_unanswered_at;	/* the last one that was given up on without an answer */
	bool pin_write_excused;		/* one wrong PIN was not counted because of it */
	/* the identity of the key before, still with the password of then */
	bool has_old_key;
	int pin_old_key;
	int64_t pin_key_at;
	/* the SIM that dialled last, and when it was another one than before */
	unsigned char sim_mac[16];
	uint32_t sim_mac_len;
	int64_t sim_changed_at;
	/* a forgotten PIN */
	int64_t reset_from;		/* a new one may be set from then on; 0: not asked for */
	bool reset_warned;		/* the SMS about it is in the outbox */
	int resets, id_checks;		/* a day */
	struct rec_rest rest;
};

void subscriber_encode(const struct subscriber *s, struct buf *out);
bool subscriber_decode(const void *octets, size_t n, struct subscriber *out) MUST_CHECK;
void subscriber_new_day(struct subscriber *s, const char today[9]);	/* zeroes the day's counts on another day */
void subscriber_add_recent(struct subscriber *s, const unsigned char payee[16], int64_t amount, int64_t at_ms);
void subscriber_add_token(struct subscriber *s, const unsigned char payee[16], int64_t amount, int64_t at_ms);
/* When the same amount went to the same payee within the last `within_ms`, or 0. */
int64_t subscriber_find_recent(const struct subscriber *s, const unsigned char payee[16], int64_t amount, int64_t now,
    int64_t within_ms);
void subscriber_opt_out(struct subscriber *s, bool out, int64_t now);
/* As many went to anybody since then as are remembered. */
bool subscriber_tokens_full(const struct subscriber *s, int64_t since_ms);
/* How many tokens went to the payee since then. */
int subscriber_count_tokens(const struct subscriber *s, const unsigned char payee[16], int64_t since_ms);
