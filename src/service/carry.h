/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message that a task is at work on, and how what became of it is saved: with its place in the outbox of its class
 * and, when it came to nothing, in the list for operators. Who sends it is send.c, who hears of it receipts.c.
 */
#pragma once
#include "core/message.h"
#include "service/task.h"

#define CARRY_TRIES 5			/* to save something */

struct carried {
	struct task task;
	struct message m;
	bool window_over;		/* of a chat */
	char linked[CHAT_USER];		/* the user of a chat that no phone of ours leads to at its network; "" */
	struct rev rev;
	enum message_state before;	/* where it was when it was loaded or last counted */
	int route_before;
	char handed_before[NAME_MAX_OCTETS];	/* the part of its list that it is in */
	int tries;
	struct store_key pointer;	/* what leads the provider's id to it */
	struct rev pointer_rev;
	bool booked;			/* a place of its lane, until the octets are the link's business */
	int booked_lane;
	task_fn *told;			/* where it goes on when the payer has been told */
	bool owes_news;			/* final, but in its list until its payer is told */
	int64_t until;			/* the end of the attempt's lease: what it came to is saved by then or never */
	task_fn *pointed;		/* where it goes on when its receipts can find it */
};

struct carried *carried_of(struct task *t);
void carry_wipe(struct carried *k);		/* the text may hold a token */
/* False: the record is damaged. */
bool carry_load(struct carried *k, const struct store_value *v) MUST_CHECK;
int carry_channel(const struct carried *k);	/* of its route; the tenant must have it */
int carry_lane(const struct carried *k);
/* Is it the sender of a channel that the message may leave by? */
bool carry_is_sender(const struct carried *k, const char *address);
struct message_rules carry_rules(const struct carried *k);
void carry_save(struct carried *k, task_fn *on);
/*
 * The store did not answer: goes on with `again` after a growing pause. False when the attempt's lease would be over.
 */
bool carry_pause(struct carried *k, task_fn *again);
/* After it was saved: counts and logs where it is now, if it moved. */
void carry_count(struct carried *k);
/*
 * The payer hears that a token finally could not be delivered, or perhaps was not, or was after all; before that it was
 * told is saved, so that a crash cannot lose it.
 * `told` always comes: carry_was_told() says whether it may be saved now.
 */
void carry_tell(struct carried *k, task_fn *told);
bool carry_was_told(const struct event *e);
