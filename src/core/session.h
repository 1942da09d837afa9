/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One phone's dialogue on one channel as it lies in the store: where it is in the menu, what was answered last (so that
 * a repeated input gets the same answer and does nothing), and who is working on it.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/history.h"
#include "core/menu.h"
#include "core/record.h"
#include "core/settings.h"
#include "core/subscriber.h"

#define SESSION_DIALOGUE 64
#define SESSION_TENANT NAME_MAX_OCTETS

/*
 * A dialogue of a chat that needs a PIN goes on at the phone: it lies in a record of its own (STORE_HANDED), waits there
 * until the phone dials, and comes back with what it came to. The chat's own session only says so.
 */
enum session_handed { HANDED_NOT, HANDED_WAITING, HANDED_TAKEN, HANDED_BACK, HANDED_STATES };

struct session {
	struct dialogue dlg;
	char dialogue[SESSION_DIALOGUE];	/* the network's id of it */
	bool ended;				/* END was shown, or the customer hung up */
	int64_t expires_ms;			/* the network ends it by then */
	int64_t touched_ms;
	/* the last turn that was answered */
	char turn_key[64];
	char answer[MENU_STEP];
	bool answer_end;
	int64_t consumed;			/* octets of the history taken so far */
	unsigned char consumed_mac[16];
	uint32_t consumed_mac_len;
	unsigned char input_mac[16];		/* of the newest input, where nothing else tells it from a repeat */
	uint32_t input_mac_len;
	bool uncounted;				/* the peer does not count turns: nothing identifies them */
	/* the turn being worked on, while it waits for the wallet core */
	char claim_key[64];
	int64_t claim_until;
	char intent[INTENT_ID];			/* shown on the confirm screen */
	char trail[HISTORY_TRAIL];		/* the last turns, for operators: times and states, never inputs */
	char tenant[SESSION_TENANT];		/* for who counts dialogues; the key has it hashed */
	int resume_s;				/* after touched_ms: dialled again by then, it can go on; 0: it cannot */
	enum session_handed handed;	/* of a chat: its dialogue is at the phone; of a handed dialogue: how far it is */
	char chat[NAME_MAX_OCTETS];	/* at the phone: the channel of the chat that it is gone on with for; else "" */
	bool proven;			/* at the phone: the PIN was right */
	int64_t proven_for;		/* of a handed dialogue: that of this customer */
	bool asks_pin;			/* at the phone, before the call that the dialogue stands at; no screen of the menu */
	int pushes;			/* of a chat: that the phone was called up, in the hour until */
	int64_t pushes_until;
	struct rec_rest rest;
};

void session_encode(const struct session *s, struct buf *out);
bool session_decode(const void *octets, size_t n, struct session *out) MUST_CHECK;
int64_t session_resumable_until(const struct session *s);	/* 0: not at all */
/* Until then somebody may come back to it, and needs the version of the menu that it is on; 0: it has ended. */
int64_t session_lives_until(const struct session *s);
