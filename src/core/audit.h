/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operators did, for ever: one chain of entries per tenant. Each entry holds the hash of the one before, and the
 * head the number and hash of the last, so that nothing in between can be changed, taken out or put in unseen. Only
 * appended to. Pure: where the octets lie is the caller's business (service/operator_note.c).
 *
 * An act that changes something has at least two entries: "asked" before it and its outcome after. Where only the first
 * is there, the gateway died between them.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/operator.h"
#include "core/record.h"

#define AUDIT_HASH 32
#define AUDIT_OUTCOME 24

struct audit_entry {
	int64_t number;			/* 1, 2, 3 ... */
	int64_t at;			/* the store's time */
	char who[OPERATOR_NAME];
	char act[16];			/* of operator_acts */
	char tenant[OPERATOR_NAME];
	char phone[PHONE_TEXT];		/* masked, "" where none is meant */
	unsigned char phone_mac[16];	/* keyed hash of tenant and phone */
	uint32_t phone_mac_len;
	char intent[OPERATOR_INTENT];
	char reason[OPERATOR_REASON];
	char outcome[AUDIT_OUTCOME];	/* "asked", "approved", "done", "refused" ... */
	int64_t asked;			/* number of the entry that this is the outcome of, 0: of none */
	int64_t request;		/* number of the request for approval, 0: none */
	char call[20];			/* the id in the log's lines */
	unsigned char before[AUDIT_HASH];	/* hash of the entry before; none in the first */
	uint32_t before_len;
	struct rec_rest rest;
};

struct audit_head {
	int64_t number;			/* of the last entry, 0: none yet */
	unsigned char hash[AUDIT_HASH];
	uint32_t hash_len;
	struct rec_rest rest;
};

bool audit_head_decode(const void *octets, size_t n, struct audit_head *out) MUST_CHECK;
void audit_head_encode(const struct audit_head *h, struct buf *out);
bool audit_entry_decode(const void *octets, size_t n, struct audit_entry *out) MUST_CHECK;
/* Numbers and chains the entry, writes its octets, moves the head: all to be saved together. */
void audit_append(struct audit_head *h, struct audit_entry *e, struct buf *octets);

enum audit_end {
	AUDIT_WHOLE,
	AUDIT_MISSING,		/* an entry is not there */
	AUDIT_DAMAGED,		/* it cannot be read */
	AUDIT_BROKEN,		/* it is not the one that was written there, or does not follow from the one before */
	AUDIT_CUT		/* the last entry is not the one that the head knows */
};
const char *audit_end_name(enum audit_end e);

/* Walks entries in their order and says at which one the chain breaks first. */
struct audit_walk {
	int64_t next;
	bool known;		/* `hash`: of the entry before `next` */
	unsigned char hash[AUDIT_HASH];
	enum audit_end end;
	int64_t broken_at;	/* 0: nowhere */
};
void audit_walk_start(struct audit_walk *w, int64_t first);	/* from 1 on nothing is taken on trust */
/* The octets of entry w->next, NULL: it is not there. False once the chain is broken; *e is then zeroed or doubtful. */
bool audit_walk_on(struct audit_walk *w, const void *octets, size_t n, struct audit_entry *e);
/* After the last one. */
enum audit_end audit_walk_stop(struct audit_walk *w, const struct audit_head *h);
