/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One chat: what was written in it and is not answered yet, what came before (so that nothing is taken twice), whose it
 * is, and until when may be written to it freely. Its dialogue is a session like any other.
 *
 * Inputs are told apart by a keyed hash of the network's id. CHAT_SEEN of them are remembered; who wrote more than that
 * within a week has the oldest forgotten, and with it everything that was written before: that is taken for a repetition.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/chat_in.h"
#include "core/record.h"
#include "core/settings.h"

#define CHAT_MAC 16
#define CHAT_SEEN 128
#define CHAT_QUEUE 8			/* inputs that wait for an answer */
#define CHAT_QUEUE_OCTETS (10 * 1024)
#define CHAT_WINDOW_MS (INT64_C(24) * 3600000)
#define CHAT_SAID 80
#define CHAT_AGAIN_MS (INT64_C(7) * 24 * 3600000)	/* the network delivers a webhook again for so long */
#define CHAT_OLDEST_MS (CHAT_AGAIN_MS + CHAT_WINDOW_MS)	/* what is older still is a webhook played again */

struct chat_seen {
	unsigned char mac[8];
	int64_t at_ms;
};

struct chat_entry {			/* one input that waits */
	unsigned char mac[CHAT_MAC];
	enum chat_kind kind;
	int64_t at_ms, taken_ms;	/* by the network's clock; by ours */
	char text[CHAT_TEXT];
	struct chat_media media;
};

struct chat {				/* all zero: nothing has come yet */
	char tenant[NAME_MAX_OCTETS], channel[NAME_MAX_OCTETS];
	char phone[PHONE_MAX];		/* whose it is; "" while that is not known */
	bool linked;			/* by a code that it showed: the network tells no phone, and takes none of us */
	char leads_to[PHONE_MAX];	/* of one kept under a user's name: the phone that was seen with it last */
	char user[CHAT_USER];		/* as the network names them; "" where it does not tell */
	char identity[CHAT_IDENTITY];	/* of the user's device, as the network tells it; "" where it does not */
	/*
	 * The customer whose PIN was typed at the phone for something that was begun here, and when; 0: not so. Until then
	 * whoever writes may be the number's last owner, and hears nothing but answers.
	 */
	int64_t proven_for, proven_ms;
	int64_t hands;			/* how often somebody else took over: what was said before is not theirs */
	int64_t since_ms;		/* by the network's clock, when that was last */
	bool untold;			/* they were not told yet that what was begun before is over */
	int64_t window_until;
	struct chat_seen seen[CHAT_SEEN];
	uint32_t seen_len;		/* octets, the newest last */
	int64_t forgotten_ms;		/* what was written up to then is not told from a repetition */
	unsigned char queue[CHAT_QUEUE_OCTETS];
	uint32_t queue_len;
	int64_t failed_since;		/* the first of them could not be answered since then; 0: not so */
	char said[CHAT_SAID];		/* the newest answer's name in the outbox, and when it was put there */
	int64_t said_ms;
	struct rec_rest rest;
};

void chat_encode(const struct chat *c, struct buf *out);
bool chat_decode(const void *octets, size_t n, struct chat *out) MUST_CHECK;

/* It is in the queue, or was answered. */
bool chat_has_seen(const struct chat *c, const struct chat_entry *e);
/* Appends it and notes that it came. false: the queue is full, nothing has changed. */
bool chat_append(struct chat *c, const struct chat_entry *e, int64_t now) MUST_CHECK;
/* Notes that it came, although it goes to no queue. */
void chat_note(struct chat *c, const struct chat_entry *e, int64_t now);
/* false: nothing waits. */
bool chat_first(const struct chat *c, struct chat_entry *out) MUST_CHECK;
/* The first one, if it is this one, is done with. */
void chat_done(struct chat *c, const unsigned char mac[CHAT_MAC]);
int chat_waiting(const struct chat *c);
