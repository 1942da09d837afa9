/* SPDX-License-Identifier: Apache-2.0 */
/* When to try a lost link again. Pure: time and chance are arguments. */
#pragma once
#include <stdint.h>

enum smpp_setback {
	SETBACK_LOST,		/* no connection, or it broke */
	SETBACK_ALREADY_BOUND,	/* RALYBND: the SMSC still holds our old session */
	SETBACK_REFUSED		/* the account is wrong: a person must act, and haste locks it */
};

struct smpp_reconnect {
	int64_t min_ms, max_ms;
	unsigned tries;		/* since a bind that held */
};

enum smpp_setback smpp_setback_of(uint32_t bind_status);
/*
 * Milliseconds to wait: doubled with each try from min to max, at least 30 s after RALYBND, from 1
 * to 10 minutes after a refused account; up to half of it more, by chance. bound_ms: how long the
 * link was bound before (0: never).
 */
int64_t smpp_reconnect_delay(struct smpp_reconnect *r, enum smpp_setback why, int64_t bound_ms,
    uint32_t chance);
