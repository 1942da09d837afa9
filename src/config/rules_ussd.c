/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dialect of a bind: what its options leave out comes from the preset, and what they say must make sense together.
 * An option that only a preset has set gives way to those that were written.
 */
#include <string.h>

#include "config/reader.h"
#include "core/ussd_dialect.h"

#define SAY(r, node, ...) jsondoc_problem((r)->doc, node, (r)->problems, __VA_ARGS__)

static bool
given(const json_t *node, const char *name)
{
	return json_object_get(node, name) != NULL;
}

/* A boolean has no line of its own. */
static const json_t *
place(const json_t *node, const char *name)
{
	const json_t *value = json_object_get(node, name);

	return value != NULL && !json_is_boolean(value) ? value : node;
}

static void
take_preset(struct bind_settings *b, const json_t *node)
{
	struct bind_settings from = { .ussd = *ussd_preset(b->ussd.preset) };
	const struct option_group *g = &options_ussd;

	for (size_t i = 0; i < g->n; i++) {
		const struct option *o = &g->options[i];
		size_t items = o->type == OPTION_NATURALS ? (size_t)o->max : 1;

		if (given(node, o->name))
			continue;
		memcpy((char *)b + o->at, (char *)&from + o->at, o->room * items);
		if (o->type == OPTION_NATURALS)
			memcpy((char *)b + o->count, (char *)&from + o->count, sizeof(int));
	}
}

static bool
has(const int *list, int n, int value)
{
	for (int i = 0; i < n; i++)
		if (list[i] == value)
			return true;
	return false;
}

static bool
is_its(const struct ussd_dialect *d)
{
	return d->session_id == SESSION_ITS_OCTET1 || d->session_id == SESSION_ITS_15BIT;
}

static bool
sends_its(const struct ussd_dialect *d)
{
	return is_its(d) || has(d->echo_tlvs, d->echo_tlvs_n, USSD_TAG_ITS);
}

/* What follows from other options and was not written itself. */
static void
follow(struct ussd_dialect *d, const json_t *node)
{
	if (!given(node, "turn_identity") && !is_its(d))
		d->turn_identity = TURN_NOTHING;
	if (!given(node, "end_bit") && !sends_its(d))
		d->end_bit = false;
	if (!given(node, "ignores_op") && (given(node, "begin_ops") || given(node, "continue_ops")))
		d->ignores_op = false;
}

static void
check_ops(struct reader *r, const struct ussd_dialect *d, const json_t *node)
{
	const struct {
		const char *name;
		const int *op;
		int n;
	} lists[] = {
		{ "begin_ops", d->begin_ops, d->begin_ops_n }, { "continue_ops", d->continue_ops, d->continue_ops_n },
		{ "abort_ops", d->abort_ops, d->abort_ops_n },
	};

	for (size_t i = 0; i < NELEM(lists); i++)
		for (int k = 0; k < lists[i].n; k++) {
			if (lists[i].op[k] > UINT8_MAX)
				SAY(r, place(node, lists[i].name), "%s: %d is no ussd_service_op, which has one octet",
				    lists[i].name, lists[i].op[k]);
			for (size_t j = 0; j < i; j++)
				if (has(lists[j].op, lists[j].n, lists[i].op[k]))
					SAY(r, place(node, given(node, lists[i].name) ? lists[i].name : lists[j].name),
					    "%s: %d is among %s as well; name it in one only, and write both lists",
					    lists[i].name, lists[i].op[k], lists[j].name);
		}
	if (d->ignores_op && d->begin_ops_n + d->continue_ops_n > 0)
		SAY(r, node, "ignores_op: then begin_ops and continue_ops mean nothing; leave them out");
	if (!d->ignores_op && d->begin_ops_n == 0)
		SAY(r, place(node, "begin_ops"),
		    "begin_ops: is empty, so no dialogue would ever begin; name an op, or set ignores_op");
}

static void
check_session(struct reader *r, const struct ussd_dialect *d, const json_t *node)
{
	if (d->session_id == SESSION_VENDOR_TLV && d->session_tlv == 0)
		SAY(r, node, "session_tlv is missing: with session_id \"vendor_tlv\" the tag of the TLV must be named");
	if (d->session_id != SESSION_VENDOR_TLV && d->session_tlv != 0)
		SAY(r, place(node, "session_tlv"),
		    "session_tlv: only session_id \"vendor_tlv\" reads it; leave it out, or change session_id");
	if (d->session_tlv == USSD_TAG_OP || d->session_tlv == USSD_TAG_PAYLOAD)
		SAY(r, place(node, "session_tlv"), "session_tlv: 0x%04x is no session's; name the TLV that is",
		    (unsigned)d->session_tlv);
	if (d->imsi_tlv != 0 && (d->imsi_tlv == d->session_tlv || d->imsi_tlv == USSD_TAG_OP ||
	    d->imsi_tlv == USSD_TAG_PAYLOAD || d->imsi_tlv == USSD_TAG_ITS || d->imsi_tlv == USSD_TAG_REFERENCE))
		SAY(r, place(node, "imsi_tlv"), "imsi_tlv: 0x%04x is no IMSI's; name the TLV that is",
		    (unsigned)d->imsi_tlv);
	if (d->turn_identity == TURN_ITS_SEQUENCE && d->session_id != SESSION_ITS_OCTET1)
		SAY(r, place(node, "turn_identity"),
		    "turn_identity: \"its_sequence\" needs session_id \"its_octet1\", beside which it stands");
	if (d->end_bit && !sends_its(d))
		SAY(r, node, "end_bit: its_session_info is not sent; name it in echo_tlvs (\"0x1383\"), or set end_bit "
		    "to false");
	for (int i = 0; i < d->echo_tlvs_n; i++) {
		int tag = d->echo_tlvs[i];

		if (tag == USSD_TAG_OP || tag == USSD_TAG_PAYLOAD || has(d->echo_tlvs, i, tag))
			SAY(r, place(node, "echo_tlvs"), "echo_tlvs: 0x%04x %s", (unsigned)tag,
			    has(d->echo_tlvs, i, tag) ? "stands there twice" : "is written by us; leave it out");
	}
}

void
reader_check_ussd(struct reader *r, struct bind_settings *b, const json_t *node)
{
	struct ussd_dialect *d = &b->ussd;

	take_preset(b, node);
	follow(d, node);
	check_ops(r, d, node);
	check_session(r, d, node);
	if (d->op_end == d->op_continue && !d->end_bit)
		SAY(r, place(node, given(node, "op_end") ? "op_end" : "op_continue"),
		    "op_end: is the same as op_continue, so no phone would know the last screen; choose another one, "
		    "or use end_bit");
	if (d->send_as == SEND_AS_DATA_SM && given(node, "payload") && !d->payload)
		SAY(r, node, "payload: data_sm has no other place for the text; leave it out");
}
