/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A customer's password that is being written at the wallet core, as a record: whoever finds it due goes on with it.
 * The password, which was made of the PIN by a key, is kept until it is known what came of it; the PIN is kept nowhere.
 */
#pragma once
#include "core/pin_write.h"
#include "core/record.h"

enum pin_written { PIN_WRITTEN, PIN_NOT_WRITTEN, PIN_MAYBE_WRITTEN, PIN_WRITTEN_ENDS };

struct pin_order {
	struct pin_write w;		/* .kind PIN_WRITE_NONE: no order */
	uint32_t mac_len;		/* of w.mac */
	int64_t customer_id;
	char password[81];
	/* of a new PIN, whose customer is told how it ended */
	char id[40];			/* of the message that tells it */
	char owner[256], tenant[NAME_MAX_OCTETS];
	char lang[8];
	int64_t begun_at;
	bool ended;			/* and is only to be told */
	enum pin_written how;
	bool told;
	struct rec_rest rest;
};

/* A new PIN is carried on by others; a new key is brought again by the next right PIN. */
bool pin_order_lasts(const struct pin_order *o);
void pin_order_encode(const struct pin_order *o, struct buf *out);
bool pin_order_decode(const void *octets, size_t n, struct pin_order *out) MUST_CHECK;
