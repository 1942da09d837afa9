/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one operator asked for and another must approve. Pure rules: who may approve, until when, what may follow what.
 * It is approved first and carried out then, so that after a crash in between it stands as approved and can be
 * approved once more, which carries it out.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/operator.h"
#include "core/record.h"

#define REQUEST_LIFE_MS INT64_C(86400000)

enum request_state { REQUEST_OPEN, REQUEST_APPROVED, REQUEST_CARRIED_OUT, REQUEST_REJECTED, REQUEST_STALE,
	REQUEST_STATES };

struct request {
	int64_t number;			/* of the audit's entry that asked for it */
	char act[16];
	char who[OPERATOR_NAME];	/* asked */
	int64_t at;
	char reason[OPERATOR_REASON];
	char owner[256];		/* of the subscriber or the intent */
	char phone[PHONE_MAX];		/* "" of an integrator's intent */
	char intent[OPERATOR_INTENT];
	bool done;			/* of a resolve */
	int64_t seen;			/* since when it was as the asker saw it; otherwise now: the approval is stale */
	enum request_state state;
	char decided_by[OPERATOR_NAME];
	int64_t decided_at;
	struct rec_rest rest;
};

void request_encode(const struct request *r, struct buf *out);
bool request_decode(const void *octets, size_t n, struct request *out) MUST_CHECK;
const char *request_state_name(enum request_state s);

bool request_waits(const struct request *r, int64_t now);	/* for somebody's decision */
enum request_answer { REQUEST_YES, REQUEST_OWN, REQUEST_LAPSED, REQUEST_DECIDED };
/* May `who` approve or reject it now? What was approved and not carried out can only be approved. */
enum request_answer request_decide(const struct request *r, const char *who, bool approve, int64_t now);
