/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is remembered of the SMS that one phone sent to one tenant, so that a repeated delivery does nothing, no answer
 * is given twice, and nobody makes the gateway talk without end. Texts are not kept, only keyed hashes of them.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/record.h"

#define INBOX_ID 16		/* octets of a keyed hash */
#define INBOX_SEEN 8
#define INBOX_OPEN 4		/* long messages of one phone that are not whole yet */

/* What an answer is about: each is given once per some minutes, whatever comes meanwhile. */
enum inbox_answer { INBOX_STOP, INBOX_START, INBOX_HELP, INBOX_PIN, INBOX_ANSWERS };

struct inbox_mark {
	unsigned char id[INBOX_ID];
	int64_t until;
};

struct inbox {			/* all zero: nothing has come yet */
	struct inbox_mark seen[INBOX_SEEN], open[INBOX_OPEN];
	uint32_t seen_len, open_len;	/* octets in use */
	int64_t taken;			/* messages in all: part of the identity of what is answered */
	int64_t hour_until;
	int hour_n;			/* answers in that hour */
	int64_t quiet_until[INBOX_ANSWERS];
	struct rec_rest rest;
};

void inbox_encode(const struct inbox *b, struct buf *out);
bool inbox_decode(const void *octets, size_t n, struct inbox *out) MUST_CHECK;

/* The same message came a moment ago: the network delivers it again. */
bool inbox_seen(const struct inbox *b, const unsigned char id[INBOX_ID], int64_t now);
/* How often it came since then, of the last INBOX_SEEN that were dealt with. */
int inbox_count(const struct inbox *b, const unsigned char id[INBOX_ID], int64_t since);
/* It is dealt with. */
void inbox_take(struct inbox *b, const unsigned char id[INBOX_ID], int64_t now, int64_t again_ms);
/* Another answer is within what a phone gets in an hour. */
bool inbox_may_answer(const struct inbox *b, int64_t now, int most);
/* The same, and this one was not given a moment ago. */
bool inbox_may_say(const struct inbox *b, enum inbox_answer what, int64_t now, int most);
void inbox_answered(struct inbox *b, int64_t now);
void inbox_said(struct inbox *b, enum inbox_answer what, int64_t now, int64_t quiet_ms);
/* A part of this long message has come. false: too many others are open, and it is not kept. */
bool inbox_open(struct inbox *b, const unsigned char id[INBOX_ID], int64_t now, int64_t until) MUST_CHECK;
void inbox_close(struct inbox *b, const unsigned char id[INBOX_ID]);
