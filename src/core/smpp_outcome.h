/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command_status in a submit_sm_resp or data_sm_resp means for the message and for its link
 * (SMPP 3.4 5.1.3; SMPP 5.0 for 0x100 to 0x112). A bind's configuration has the last word, since
 * vendors use the numbers as they like.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

enum smpp_outcome {
	SMPP_OUTCOME_ACCEPTED,	/* status 0 */
	SMPP_OUTCOME_SLOW,	/* not sent: later, and slower; no failure, counts as no try */
	SMPP_OUTCOME_FEW,	/* not sent: a few tries more */
	SMPP_OUTCOME_PERMANENT,	/* refused for good */
	SMPP_OUTCOME_REBIND,	/* not sent: the link must bind again before anything goes */
	SMPP_OUTCOME_UNKNOWN	/* perhaps sent; by configuration only, for an SMSC that says so */
};

struct smpp_outcome_rule {	/* of a bind */
	uint32_t status;
	enum smpp_outcome outcome;
};

/* The first of `rules` that names the status, else the default table. 0 is always ACCEPTED. */
enum smpp_outcome smpp_outcome(uint32_t status, const struct smpp_outcome_rule *rules, size_t n);
