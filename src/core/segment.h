/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a text becomes one SMS or several: the charset, where it is cut, and each part's octets. The
 * parts are numbered from 0 here and from 1 on the air.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/gsm.h"

#define SEGMENT_PARTS 16	/* no bind sends more, whatever its configuration says */
#define SEGMENT_OCTETS 1024	/* of a message_payload that libsmpp34 packs */

/* How the parts of a long text say that they belong together. */
enum segment_way {
	SEGMENT_UDH8,		/* user data header, reference of 8 bits: 3GPP 23.040 9.2.3.24.1 */
	SEGMENT_UDH16,		/* of 16 bits: 9.2.3.24.8 */
	SEGMENT_SAR,		/* TLVs sar_msg_ref_num, _total_segments, _segment_seqnum */
	SEGMENT_PAYLOAD		/* not at all: whole in message_payload, the SMSC cuts it */
};

struct segment_rules {		/* of a bind */
	enum segment_way way;
	enum charset dcs0;	/* what data_coding 0 means there */
	int parts_max;		/* SMS that one text may cost; SEGMENT_PARTS at most counts */
};

/* A text's plan; of its own memory it has none, so the text stays with the caller. */
struct segments {
	enum segment_way way;
	enum charset charset;
	uint8_t data_coding;
	uint16_t reference;	/* as the way carries it: modulo 256 in UDH8, else 65536 */
	bool payload;		/* to be sent in message_payload */
	int total;		/* PDUs: 1 when it fits one SMS or goes as PAYLOAD */
	size_t end[SEGMENT_PARTS];	/* of each part, in octets of the UTF-8 text */
};

/* One part, ready for a PDU. It holds message text: the caller wipes it. */
struct segment {
	unsigned char octets[SEGMENT_OCTETS];	/* short_message, or message_payload */
	size_t len;
	bool udhi;		/* esm_class 0x40: the octets begin with a user data header */
	bool sar;		/* reference, total and seq go into the three TLVs */
	uint16_t reference;
	uint8_t total, seq;	/* seq 1..total */
};

/*
 * The smallest that says all of the text. On the air there is GSM 03.38 or UCS-2 only: what an SMSC
 * makes of a Latin-1 letter outside GSM 03.38 nobody knows, so that goes as UCS-2 too.
 */
enum charset segment_charset(enum charset dcs0, const char *utf8);
/*
 * `counter` counts the long texts of a bind and may be of any size. false: the text is no UTF-8 or
 * longer than the rules allow.
 */
bool segment_plan(struct segments *s, const struct segment_rules *rules, const char *utf8,
    uint64_t counter) MUST_CHECK;
/* The part, 0..total-1, of the text that the plan was made for. */
void segment_part(const struct segments *s, const char *utf8, int part, struct segment *out);
