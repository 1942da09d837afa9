/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A long message that arrives in parts, as a record that any process can go on with. The caller
 * keys it by source, destination, reference and total; who sent a part is not known here. Nothing
 * in an SMS can be believed: what does not fit together is refused, and all is bounded.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/gsm.h"
#include "core/record.h"

#define REASSEMBLY_PARTS 10
#define REASSEMBLY_PART 255	/* octets of one, without its header */
#define REASSEMBLY_ENTRY 3	/* seq, charset, length before each */

struct reassembly_part {
	uint16_t reference;
	uint8_t total, seq;		/* 1 <= seq <= total <= REASSEMBLY_PARTS */
	enum charset charset;		/* of its data_coding, see charset_of_dcs() */
	const unsigned char *octets;	/* without the header; not ours */
	size_t len;
};

enum reassembly_read {
	REASSEMBLY_ALONE,	/* belongs to no long message */
	REASSEMBLY_PART_OF,	/* reference, total and seq are set */
	REASSEMBLY_LYING	/* says numbers that cannot be, or a header longer than itself */
};

/*
 * Looks for a user data header (3GPP 23.040 9.2.3.24); octets and len of `out` get what follows it,
 * or all when it has no believable one. Without `udhi` (esm_class 0x40) only the exact header of a
 * long message counts: some SMSCs lose the mark. The charset is left alone.
 */
enum reassembly_read reassembly_read_udh(const void *octets, size_t n, bool udhi,
    struct reassembly_part *out);
/*
 * The same for sar_msg_ref_num, sar_total_segments and sar_segment_seqnum (SMPP 3.4 5.3.2.22), all
 * three of them. Octets, len and charset are left alone.
 */
enum reassembly_read reassembly_read_sar(unsigned reference, unsigned total, unsigned seq,
    struct reassembly_part *out);

struct reassembly {		/* all zero: nothing has come yet */
	int64_t until;		/* the caller's clock; after it what has come is forgotten */
	int total;
	uint32_t len;		/* octets in use of `parts` */
	unsigned char parts[REASSEMBLY_PARTS * (REASSEMBLY_PART + REASSEMBLY_ENTRY)];
	struct rec_rest rest;
};

void reassembly_encode(const struct reassembly *r, struct buf *out);
/* false: damaged, or nothing that reassembly_add() makes. */
bool reassembly_decode(const void *octets, size_t n, struct reassembly *out) MUST_CHECK;

enum reassembly_result {
	REASSEMBLY_MORE,	/* kept; others are missing */
	REASSEMBLY_WHOLE,	/* it was the last one missing */
	REASSEMBLY_REPEATED,	/* was there already: nothing has changed */
	REASSEMBLY_REFUSED	/* does not fit the limits or the others: nothing has changed */
};

/*
 * A part has come. Keep the record until `until` after WHOLE too, so that repeated parts are known.
 * Another text under a number that is taken begins anew: senders reuse their 256 references.
 */
enum reassembly_result reassembly_add(struct reassembly *r, const struct reassembly_part *p,
    int64_t now, int64_t keep_ms) MUST_CHECK;
bool reassembly_whole(const struct reassembly *r);
/* Appends what has come, in order. Octets of different charsets are told apart by the text only. */
void reassembly_octets(const struct reassembly *r, struct buf *out);
void reassembly_text(const struct reassembly *r, struct buf *out);	/* UTF-8 */
