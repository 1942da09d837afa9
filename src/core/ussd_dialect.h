/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How USSD gateways speak over SMPP: what one message of theirs means, and what ours must carry. One table of presets,
 * each value of which an option of the bind may override. Decides on facts that were decoded before; reads and writes
 * no PDU, knows no dialogue but by what the message says of it.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/phone.h"
#include "core/settings.h"

#define USSD_DIALOGUE 64
#define USSD_TURN_KEY 16
#define USSD_TLV_OCTETS 64		/* of one that goes back; longer ones do not */
#define USSD_TLVS (USSD_ECHO_MAX + 2)	/* op, session, echoes */
#define USSD_NO_OP -1

enum ussd_preset { USSD_ITS, USSD_MICA, USSD_SIXDEE, USSD_DIGITALPULSE, USSD_TOPS, USSD_HUAWEI, USSD_SMPP_PLUS,
    USSD_VENDOR_TLV, USSD_OP_IGNORED, USSD_PRESETS };

enum {				/* SMPP 3.4 §5.3.2 */
	USSD_TAG_REFERENCE = 0x0204, USSD_TAG_PAYLOAD = 0x0424, USSD_TAG_OP = 0x0501, USSD_TAG_ITS = 0x1383
};

/* The preset of that number. */
const struct ussd_dialect *ussd_preset(int preset);

struct ussd_tlv_in {			/* of a message; octets are borrowed */
	uint16_t tag, len;
	const unsigned char *p;
};

struct ussd_tlv {
	uint16_t tag, len;
	unsigned char p[USSD_TLV_OCTETS];
};

struct ussd_in {
	const char *service_type, *source, *dest;
	const char *text;		/* UTF-8 */
	bool receipt;			/* esm_class says that it is no message of a customer */
	const struct ussd_tlv_in *tlv;
	size_t tlvs;
};

enum ussd_act { USSD_NOT_OURS, USSD_BEGIN, USSD_INPUT, USSD_ABORT };

/* What an answer needs to find its dialogue; no more than the message had. */
struct ussd_way {
	int op;				/* that it came with; USSD_NO_OP */
	bool pushed;			/* we began the dialogue */
	struct ussd_tlv tlv[USSD_ECHO_MAX + 1];
	size_t tlvs;
};

struct ussd_event {
	enum ussd_act act;
	bool op_unknown;
	char dialogue[USSD_DIALOGUE];	/* the id and the phone; "" where the phone alone tells dialogues apart */
	char turn[USSD_TURN_KEY];	/* "" where nothing tells a repeated input from a new one */
	const char *dialled[2];		/* where the code stands, the likelier place first; into ussd_in */
	size_t dialled_n;
	const char *text;		/* the input; "" of a begin. Into ussd_in */
	struct ussd_way way;
};

/* `phone`: the source, canonical. */
void ussd_read(const struct ussd_dialect *d, const struct ussd_in *in, const char *phone, struct ussd_event *out);

/* The IMSI of the SIM that dials, where the bind says which TLV has it: its digits, or its octets in hex; else "". */
void ussd_imsi(const struct ussd_dialect *d, const struct ussd_in *in, char out[33]);

/* "*120*384*1#" was dialled, "*120*384#" is ours: what follows our code is the customer's business. */
bool ussd_code_matches(const char *ours, const char *dialled);
/* "120384" is the short code of "*120*384#". */
bool ussd_code_is_short(const char *ours, const char *address);
/* The address that a dialogue which we begin comes from. */
void ussd_push_source(const struct ussd_dialect *d, const char *code, char *out, size_t size);

/* RELEASE ends without a text, where the dialect can; else ask for END. PUSH begins a dialogue, NOTIFY only tells. */
enum ussd_say { USSD_SAY_SCREEN, USSD_SAY_END, USSD_SAY_RELEASE, USSD_SAY_PUSH, USSD_SAY_NOTIFY };

struct ussd_out {
	bool data_sm, payload;
	struct ussd_tlv tlv[USSD_TLVS];
	size_t tlvs;
};
void ussd_write(const struct ussd_dialect *d, const struct ussd_way *way, enum ussd_say say, struct ussd_out *out);
bool ussd_can_release(const struct ussd_dialect *d);

/* Takes away what pads a packed string (3GPP 23.038 §6.1.2.3); `octets` is its length on the wire, septets only. */
void ussd_strip_padding(char *text, bool septets, size_t octets);
