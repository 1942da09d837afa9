/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of all families of keys: where they live, how long, and how large they may grow. Lists
 * of what is due have no lifetime: what is in them must be worked off, and goes with its record.
 * Families of one tag and owner share a bucket, so that one commit changes them together.
 */
#include "core/bundle.h"
#include "service/ports.h"

#define HOURS(n) ((int64_t)(n) * 3600 * 1000)
#define MINUTES(n) ((int64_t)(n) * 60 * 1000)
#define DAYS(n) HOURS((n) * 24)
#define FOR_EVER 0

/* Records are far smaller than their caps, which only stop what has gone wrong. */
const struct store_row store_families[STORE_FAMILIES] = {
	/*                    name   tag  buckets  ttl        cap */
	[STORE_SESSION]    = { "ses", 'p', 256, HOURS(26),  16 * 1024 },
	[STORE_SUBSCRIBER] = { "sub", 'p', 256, FOR_EVER,   4 * 1024 },
	[STORE_PIN]        = { "pin", 'p', 256, DAYS(90),   1024 },
	[STORE_JWT]        = { "jwt", 'p', 256, HOURS(2),   8 * 1024 },
	[STORE_INTENT]     = { "int", 'p', 256, DAYS(180),  16 * 1024 },
	[STORE_DUE]        = { "due", 'p', 256, FOR_EVER,   100000 },
	[STORE_LIMIT]      = { "lim", 'l', 256, DAYS(70),   64 * 1024 },
	[STORE_MESSAGE]    = { "msg", 'o', 16,  DAYS(14),   8 * 1024 },
	[STORE_OUTBOX]     = { "out", 'o', 16,  FOR_EVER,   500000 },
	[STORE_OUTBOX_RESULT] = { "our", 'o', 16, FOR_EVER, 500000 },
	[STORE_OUTBOX_NOTICE] = { "oun", 'o', 16, FOR_EVER, 500000 },
	[STORE_DEAD]       = { "ded", 'o', 16,  DAYS(30),   5000 },
	[STORE_RECEIPT]    = { "rcp", 'r', 64,  DAYS(14),   1024 },
	[STORE_STRAY]      = { "str", 'r', 64,  DAYS(7),    16 * 1024 },
	[STORE_INDEX]      = { "idx", 'i', 64,  DAYS(180),  200000 },
	[STORE_COUNTER]    = { "cnt", 'p', 256, DAYS(3),    4 * 1024 },
	[STORE_LINK]       = { "lnk", 'b', 16,  DAYS(1),    1024 },
	/* Longer than messages: what names an answer must not begin anew while the answer is kept. */
	[STORE_INBOX]      = { "inb", 'p', 256, DAYS(31),   1024 },
	[STORE_PARTS]      = { "prt", 'p', 256, MINUTES(10), 4 * 1024 },
	[STORE_PERSON]     = { "per", 'p', 256, FOR_EVER,   100000 },
	/* Few and short enough that Redis keeps each list in one small block. */
	[STORE_HISTORY]    = { "his", 'p', 256, DAYS(180),  100 },
	[STORE_AUDIT]      = { "aud", 'a', 16,  FOR_EVER,   4 * 1024 },
	[STORE_REQUEST]    = { "req", 'a', 16,  DAYS(30),   4 * 1024 },
	[STORE_REQUESTS]   = { "rql", 'a', 16,  DAYS(1),    1000 },
	[STORE_EDITION]    = { "edn", 'e', 16,  FOR_EVER,   1024 },
	[STORE_EDITIONS]   = { "eds", 'e', 16,  FOR_EVER,   64 * 1024 },
	[STORE_CONTENT]    = { "con", 'e', 16,  FOR_EVER,   BUNDLE_OCTETS + 16 * 1024 },
	/* A record of any family of a phone, and what its sealing added. */
	[STORE_ASIDE]      = { "asd", 'p', 256, DAYS(180),  68 * 1024 },
	[STORE_SIGNUP]     = { "sup", 'p', 256, DAYS(30),   4 * 1024 },
	[STORE_KYC]        = { "kyc", 'p', 256, DAYS(30),   2 * 1024 },
	/* Longer than a webhook comes again. Its queue in full takes 10 KiB, what came before 2 KiB. */
	[STORE_CHAT]       = { "cht", 'p', 256, DAYS(60),   20 * 1024 },
	[STORE_HANDED]     = { "hnd", 'p', 256, HOURS(26),  16 * 1024 },
	[STORE_PIN_ORDER]  = { "pwr", 'p', 256, DAYS(1),    1024 },
};
