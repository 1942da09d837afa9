/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ussd_dialect.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum {				/* SMPP 5.0 §4.8.4.63; from 0x80 on SMPP+ */
	PSSD_INDICATION = 0x00, PSSR_INDICATION = 0x01, USSR_REQUEST = 0x02, USSN_REQUEST = 0x03,
	PSSD_RESPONSE = 0x10, PSSR_RESPONSE = 0x11, USSR_CONFIRM = 0x12, USSN_CONFIRM = 0x13,
	USSREL_REQUEST = 0x80, USSREL_INDICATION = 0x81, USSN_REQUEST_LAST = 0x83, USSR_CONFIRM_LAST = 0x92
};

#define OPS(member, ...) .member = { __VA_ARGS__ }, \
	.member##_n = (int)(sizeof((int[]){ __VA_ARGS__ }) / sizeof(int))
#define BEGIN OPS(begin_ops, PSSD_INDICATION, PSSR_INDICATION)
#define ABORT OPS(abort_ops, PSSD_RESPONSE, PSSR_RESPONSE, USSN_CONFIRM, USSREL_INDICATION, USSR_CONFIRM_LAST)
#define USUAL .op_continue = USSR_REQUEST, .op_push = USSR_REQUEST, .service_type = "USSD", .max_septets = 182, \
	.reply_s = 5
#define NO_RELEASE .op_release = USSD_NO_OP, .op_push_end = USSN_REQUEST

static const struct ussd_dialect presets[USSD_PRESETS] = {
	/* The end is the bit alone. A gateway that sends its own requests back as 02 is known. */
	[USSD_ITS] = {
		.preset = USSD_ITS, USUAL, NO_RELEASE, BEGIN, OPS(continue_ops, USSR_REQUEST, USSR_CONFIRM), ABORT,
		.session_id = SESSION_ITS_OCTET1, .turn_identity = TURN_ITS_SEQUENCE, .op_end = USSR_REQUEST,
		.end_bit = true, .unknown_op = UNKNOWN_OP_ABORT,
	},
	[USSD_MICA] = {
		.preset = USSD_MICA, USUAL, NO_RELEASE, BEGIN, OPS(continue_ops, USSR_CONFIRM), ABORT,
		.session_id = SESSION_UMR16, .turn_identity = TURN_NOTHING, .op_end = PSSR_RESPONSE,
		.code_from = CODE_FROM_TEXT,
	},
	[USSD_SIXDEE] = {
		.preset = USSD_SIXDEE, USUAL, NO_RELEASE, BEGIN, OPS(continue_ops, USSR_CONFIRM), ABORT,
		.session_id = SESSION_ITS_15BIT, .turn_identity = TURN_NOTHING, .op_end = PSSR_RESPONSE,
		.end_bit = true, .code_from = CODE_FROM_TEXT,
	},
	/* The second octet of its_session_info is not ours to read or to change. */
	[USSD_DIGITALPULSE] = {
		.preset = USSD_DIGITALPULSE, USUAL, NO_RELEASE, BEGIN, OPS(continue_ops, USSR_CONFIRM), ABORT,
		.session_id = SESSION_ITS_OCTET1, .turn_identity = TURN_NOTHING, .op_end = PSSR_RESPONSE,
		.echo_tlvs = { USSD_TAG_ITS }, .echo_tlvs_n = 1,
	},
	[USSD_TOPS] = {
		.preset = USSD_TOPS, USUAL, NO_RELEASE, BEGIN, OPS(continue_ops, USSR_CONFIRM), ABORT,
		.session_id = SESSION_ITS_OCTET1, .turn_identity = TURN_NOTHING, .op_end = PSSR_RESPONSE,
		.echo_tlvs = { USSD_TAG_ITS }, .echo_tlvs_n = 1, .code_from = CODE_FROM_BOTH,
	},
	/* A reference that changes with each message is of that message: it goes back and tells nothing. */
	[USSD_HUAWEI] = {
		.preset = USSD_HUAWEI, USUAL, NO_RELEASE, BEGIN, OPS(continue_ops, USSR_CONFIRM), ABORT,
		.session_id = SESSION_MSISDN, .turn_identity = TURN_NOTHING, .op_end = PSSR_RESPONSE,
		.echo_tlvs = { USSD_TAG_REFERENCE }, .echo_tlvs_n = 1, .code_from = CODE_FROM_BOTH,
	},
	[USSD_SMPP_PLUS] = {
		.preset = USSD_SMPP_PLUS, USUAL, BEGIN, OPS(continue_ops, USSR_CONFIRM), ABORT,
		.session_id = SESSION_UMR32, .turn_identity = TURN_NOTHING, .op_end = PSSR_RESPONSE,
		.op_release = USSREL_REQUEST, .op_push_end = USSN_REQUEST_LAST, .code_from = CODE_FROM_BOTH,
	},
	[USSD_VENDOR_TLV] = {
		.preset = USSD_VENDOR_TLV, USUAL, NO_RELEASE, BEGIN, OPS(continue_ops, USSR_CONFIRM), ABORT,
		.session_id = SESSION_VENDOR_TLV, .turn_identity = TURN_NOTHING, .op_end = PSSR_RESPONSE,
		.code_from = CODE_FROM_BOTH,
	},
	[USSD_OP_IGNORED] = {
		.preset = USSD_OP_IGNORED, USUAL, NO_RELEASE, .ignores_op = true,
		.session_id = SESSION_MSISDN, .turn_identity = TURN_NOTHING, .op_end = PSSR_RESPONSE,
		.end_bit = true, .echo_tlvs = { USSD_TAG_ITS }, .echo_tlvs_n = 1, .code_from = CODE_FROM_BOTH,
	},
};

const struct ussd_dialect *
ussd_preset(int preset)
{
	return &presets[preset];
}

/* ---- reading ---- */

static const struct ussd_tlv_in *
find(const struct ussd_in *in, int tag)
{
	for (size_t i = 0; i < in->tlvs; i++)
		if (in->tlv[i].tag == tag && in->tlv[i].len > 0)
			return &in->tlv[i];
	return NULL;
}

static bool
listed(const int *list, int n, int value)
{
	for (int i = 0; i < n; i++)
		if (list[i] == value)
			return true;
	return false;
}

/* Of up to four octets, as sloppy peers write them: the last ones count. */
static uint32_t
number(const struct ussd_tlv_in *t)
{
	uint32_t n = 0;

	for (size_t i = 0; i < t->len; i++)
		n = n << 8 | t->p[i];
	return n;
}

static bool
is_its(const struct ussd_dialect *d)
{
	return d->session_id == SESSION_ITS_OCTET1 || d->session_id == SESSION_ITS_15BIT;
}

/* The tag that carries the session's id, or 0. */
static int
session_tag(const struct ussd_dialect *d)
{
	switch (d->session_id) {
	case SESSION_ITS_OCTET1:
	case SESSION_ITS_15BIT:
		return USSD_TAG_ITS;
	case SESSION_UMR16:
	case SESSION_UMR32:
		return USSD_TAG_REFERENCE;
	case SESSION_VENDOR_TLV:
		return d->session_tlv;
	case SESSION_MSISDN:
		break;
	}
	return 0;
}

static bool
is_string(const char *text)
{
	size_t n = strlen(text);

	return n > 2 && text[0] == '*' && text[n - 1] == '#';
}

static enum ussd_act
act_of(const struct ussd_dialect *d, const struct ussd_in *in, int op, bool *unknown)
{
	if (d->ignores_op)
		return is_string(in->text) ? USSD_BEGIN : USSD_INPUT;
	if (listed(d->begin_ops, d->begin_ops_n, op))
		return USSD_BEGIN;
	if (listed(d->continue_ops, d->continue_ops_n, op))
		return USSD_INPUT;
	if (listed(d->abort_ops, d->abort_ops_n, op))
		return USSD_ABORT;
	*unknown = true;
	return d->unknown_op == UNKNOWN_OP_ABORT ? USSD_ABORT : USSD_INPUT;
}

/* Where the op means nothing, what else says that it is no SMS: their mark, or that the bind has nothing else. */
static bool
is_ours(const struct ussd_dialect *d, const struct ussd_in *in, int op)
{
	if (op != USSD_NO_OP)
		return true;
	return d->ignores_op && !in->receipt &&
	    (d->service_type[0] == '\0' || strcmp(in->service_type, d->service_type) == 0);
}

/* An id of unusual length is hashed (FNV-1a): it only has to tell one phone's dialogues apart. */
static void
octets_text(const struct ussd_tlv_in *t, char *out, size_t size)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t n = 0;

	if (t->len <= 16) {
		for (size_t i = 0; i < t->len && n + 2 < size; i++, n += 2)
			str_format(out + n, size - n, "%02x", t->p[i]);
		return;
	}
	for (size_t i = 0; i < t->len; i++)
		h = (h ^ t->p[i]) * UINT64_C(0x100000001b3);
	str_format(out, size, "%016llx.%u", (unsigned long long)h, t->len);
}

#define IMSI_LEAST 5		/* octets, packed two digits each */
#define IMSI_MOST 16

/* Zeros or ones all over are how a network writes that it does not know. */
static bool
says_nothing(const unsigned char *p, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (p[i] != p[0])
			return false;
	return true;
}

void
ussd_imsi(const struct ussd_dialect *d, const struct ussd_in *in, char out[33])
{
	const struct ussd_tlv_in *t = d->imsi_tlv != 0 ? find(in, d->imsi_tlv) : NULL;
	size_t n = t != NULL ? t->len : 0, digits = 0;

	out[0] = '\0';
	while (n > 0 && (t->p[n - 1] == '\0' || t->p[n - 1] == ' '))
		n--;
	if (n < IMSI_LEAST || n > IMSI_MOST || says_nothing(t->p, n))
		return;
	while (digits < n && t->p[digits] >= '0' && t->p[digits] <= '9')
		digits++;
	if (digits == n)
		str_copyn(out, 33, (const char *)t->p, n);
	else
		str_hex(t->p, n, out);
}

static void
read_session(const struct ussd_dialect *d, const struct ussd_tlv_in *t, const char *phone, struct ussd_event *out)
{
	char id[40] = "";

	switch (d->session_id) {
	case SESSION_ITS_OCTET1:
		str_format(id, sizeof id, "%u", t->p[0]);
		break;
	case SESSION_ITS_15BIT:
		str_format(id, sizeof id, "%u", (unsigned)(t->len >= 2 ? t->p[0] << 7 | t->p[1] >> 1 : t->p[0] << 7));
		break;
	case SESSION_UMR16:
		str_format(id, sizeof id, "%u", (unsigned)(number(t) & 0xffff));
		break;
	case SESSION_UMR32:
		str_format(id, sizeof id, "%u", (unsigned)number(t));
		break;
	case SESSION_VENDOR_TLV:
		octets_text(t, id, sizeof id);
		break;
	case SESSION_MSISDN:
		return;
	}
	str_format(out->dialogue, sizeof out->dialogue, "%s/%s", id, phone);
	if (d->turn_identity == TURN_ITS_SEQUENCE && is_its(d))
		str_format(out->turn, sizeof out->turn, "%c%u", out->act == USSD_BEGIN ? 'b' : 'i',
		    t->len >= 2 ? t->p[1] >> 1 : 0u);
}

static void
keep(struct ussd_way *w, const struct ussd_tlv_in *t)
{
	struct ussd_tlv *k;

	if (t == NULL || t->len > sizeof w->tlv[0].p || w->tlvs == NELEM(w->tlv))
		return;
	k = &w->tlv[w->tlvs++];
	k->tag = t->tag;
	k->len = t->len;
	memcpy(k->p, t->p, t->len);
}

static void
read_codes(const struct ussd_dialect *d, const struct ussd_in *in, struct ussd_event *out)
{
	if (out->act == USSD_BEGIN && d->code_from != CODE_FROM_DESTINATION && in->text[0] != '\0')
		out->dialled[out->dialled_n++] = in->text;
	if (out->dialled_n == 0 || d->code_from == CODE_FROM_BOTH)
		out->dialled[out->dialled_n++] = in->dest;
}

void
ussd_read(const struct ussd_dialect *d, const struct ussd_in *in, const char *phone, struct ussd_event *out)
{
	const struct ussd_tlv_in *op = find(in, USSD_TAG_OP), *its = find(in, USSD_TAG_ITS), *session = NULL;
	int tag = session_tag(d);

	memset(out, 0, sizeof *out);
	out->text = "";
	out->way.op = op != NULL ? (int)op->p[op->len - 1] : USSD_NO_OP;
	if (!is_ours(d, in, out->way.op))
		return;
	out->act = act_of(d, in, out->way.op, &out->op_unknown);
	if (d->end_bit && its != NULL && its->len >= 2 && (its->p[1] & 1) != 0)
		out->act = USSD_ABORT;
	if (tag != 0)
		session = find(in, tag);
	if (session != NULL)
		read_session(d, session, phone, out);
	keep(&out->way, session);
	for (int i = 0; i < d->echo_tlvs_n; i++)
		if (d->echo_tlvs[i] != tag)
			keep(&out->way, find(in, d->echo_tlvs[i]));
	read_codes(d, in, out);
	if (out->act == USSD_INPUT)
		out->text = in->text;
}

/* ---- codes ---- */

bool
ussd_code_matches(const char *ours, const char *dialled)
{
	size_t n = strlen(ours);

	if (n > 0 && ours[n - 1] == '#')
		n--;
	return strncmp(ours, dialled, n) == 0 && (dialled[n] == '\0' || dialled[n] == '#' || dialled[n] == '*');
}

static void
digits_of(const char *code, char *out, size_t size)
{
	size_t n = 0;

	for (; *code != '\0' && n + 1 < size; code++)
		if (*code >= '0' && *code <= '9')
			out[n++] = *code;
	out[n] = '\0';
}

bool
ussd_code_is_short(const char *ours, const char *address)
{
	char digits[32];

	digits_of(ours, digits, sizeof digits);
	return digits[0] != '\0' && strcmp(digits, address) == 0;
}

void
ussd_push_source(const struct ussd_dialect *d, const char *code, char *out, size_t size)
{
	if (d->code_from == CODE_FROM_TEXT)
		digits_of(code, out, size);
	else if (!str_copy(out, size, code))
		out[0] = '\0';
}

/* ---- writing ---- */

bool
ussd_can_release(const struct ussd_dialect *d)
{
	return d->op_release != USSD_NO_OP;
}

static int
op_of(const struct ussd_dialect *d, const struct ussd_way *way, enum ussd_say say)
{
	switch (say) {
	case USSD_SAY_SCREEN:
		return d->op_continue;
	case USSD_SAY_END:
		break;
	case USSD_SAY_RELEASE:
		if (ussd_can_release(d))
			return d->op_release;
		break;
	case USSD_SAY_PUSH:
		return d->op_push;
	case USSD_SAY_NOTIFY:
		return d->op_push_end;
	}
	if (way->pushed)
		return d->op_push_end;
	/* PSSD has a response of its own. */
	return d->op_end == PSSR_RESPONSE && way->op == PSSD_INDICATION ? PSSD_RESPONSE : d->op_end;
}

/* Session and sequence go back as they came: an answer belongs to the unit that it answers. */
static void
write_its(const struct ussd_dialect *d, bool end, struct ussd_tlv *t)
{
	if (t->len == 1)
		t->p[1] = 0;
	t->len = 2;
	if (d->end_bit)
		t->p[1] = (unsigned char)((t->p[1] & 0xfe) | end);
}

static void
write_reference(const struct ussd_dialect *d, struct ussd_tlv *t)
{
	if (d->session_id != SESSION_UMR16 || t->len == 2)
		return;
	t->p[1] = t->p[t->len - 1];
	t->p[0] = t->len > 1 ? t->p[t->len - 2] : 0;
	t->len = 2;
}

void
ussd_write(const struct ussd_dialect *d, const struct ussd_way *way, enum ussd_say say, struct ussd_out *out)
{
	bool end = say == USSD_SAY_END || say == USSD_SAY_RELEASE;

	memset(out, 0, sizeof *out);
	out->data_sm = d->send_as == SEND_AS_DATA_SM;
	out->payload = d->payload || out->data_sm;
	out->tlv[0].tag = USSD_TAG_OP;
	out->tlv[0].len = 1;
	out->tlv[0].p[0] = (unsigned char)op_of(d, way, say);
	out->tlvs = 1;
	for (size_t i = 0; i < way->tlvs; i++) {
		struct ussd_tlv *t = &out->tlv[out->tlvs++];

		*t = way->tlv[i];
		if (t->tag == USSD_TAG_ITS)
			write_its(d, end, t);
		else if (t->tag == USSD_TAG_REFERENCE)
			write_reference(d, t);
	}
}

void
ussd_strip_padding(char *text, bool septets, size_t octets)
{
	size_t n = strlen(text);

	/* Seven spare bits are an '@' where they are no CR. */
	if (septets && octets % 8 == 0 && n > 0 && text[n - 1] == '@')
		text[--n] = '\0';
	while (n > 0 && text[n - 1] == '\r')
		text[--n] = '\0';
}
