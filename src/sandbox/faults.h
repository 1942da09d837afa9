/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults on demand: a list of rules, the first that matches acts. Each can skip its first matches
 * ("after") and end after some ("times").
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/mem.h"

enum fault_do {
	FAULT_NONE,
	FAULT_DELAY,		/* done at once, answered after ms */
	FAULT_ERROR,		/* not done, answered with status and body */
	FAULT_LOSE_ANSWER,	/* done, then the connection closes without an answer */
	FAULT_NO_ANSWER,	/* done, never answered */
	FAULT_DROP_BEFORE,	/* not done, the connection closes */
	FAULT_GARBAGE,		/* done, answered with what cannot be read */
	FAULT_LATER,		/* never answered, done after ms */
	FAULT_NO_RECEIPT,	/* SMSC and SMS providers: a message without its delivery receipt */
	FAULT_RECEIPT_FIRST,	/* the same: the receipt before the response */
	/* SMS providers only */
	FAULT_REFUSE,		/* the recipient is refused, perhaps inside a 200 */
	FAULT_STOPPED,		/* the same: he wants nothing from this sender */
	FAULT_BALANCE,		/* the account has no credit */
	FAULT_FAIL		/* taken; the receipt, after ms more, says that it failed */
};

enum fault_where { FAULT_CORE, FAULT_SMSC, FAULT_AGGREGATOR, FAULT_GRAPH, FAULT_SMS };

/* What is to be done now; strings are borrowed until the list changes. */
struct fault {
	enum fault_do what;
	int64_t ms;
	int status;		/* 0: not said */
	bool cut;		/* LATER: the connection closes at once instead of staying mute */
	const char *body;	/* or NULL */
};

struct faults;

struct faults *faults_new(void);
void faults_free(struct faults *f);
/* Adds the rules of a JSON array; false with the reason in err, and none is added. */
bool faults_add(struct faults *f, const json_t *list, struct buf *err) MUST_CHECK;
void faults_clear(struct faults *f);
/* With how often each matched and acted. */
json_t *faults_show(const struct faults *f);
/*
 * method: "POST", or of the SMSC "submit_sm", "bind_transceiver", "enquire_link", "unbind", or of SMS providers their
 * name; path: or the destination.
 */
struct fault faults_match(struct faults *f, enum fault_where where, const char *method,
    const char *path);
bool faults_any(const struct faults *f);
