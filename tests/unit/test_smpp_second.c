/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsmpp34 as a second opinion: what it accepts our decoder reads as the same, and so does it what
 * we pack. It gets its memory from an arena here, because it loses a TLV with each PDU that it
 * refuses, and never sees a PDU that could have more TLVs than its trace buffer bears.
 */
#include "test_smpp_samples.h"

#include <smpp34.h>
#include <smpp34_structs.h>
#include <smpp34_params.h>
#include <smpp34_heap.h>

#define LIB_TLVS 16
#define LIB_BLIND_MAX 130	/* octets of a PDU whose TLVs nobody has counted: at most 28 fit */

static uint64_t seed;

static uint32_t
chance(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 16) % below;
}

static unsigned char arena[256 * 1024] __attribute__((aligned(16)));
static size_t arena_used;

static void *
arena_malloc(size_t n)
{
	void *p = arena + arena_used;

	arena_used += (n + 15) & ~(size_t)15;
	if (arena_used > sizeof arena)
		abort();
	return p;
}

static void *
arena_realloc(void *p, size_t n)
{
	(void)p, (void)n;
	abort();
}

static void
arena_free(void *p)
{
	(void)p;
}

union lib_pdu {
	submit_sm_t submit;
	deliver_sm_t deliver;
	data_sm_t data;
	bind_transceiver_t bind;
	bind_transceiver_resp_t bind_resp;
	submit_sm_resp_t submit_resp;
	deliver_sm_resp_t deliver_resp;
	data_sm_resp_t data_resp;
	enquire_link_t enquire;
	unsigned char room[8192];
};

static size_t
tlv_octets(const tlv_t *t)
{
	size_t n = 0;

	for (; t != NULL; t = t->next)
		n += 4u + t->length;
	return n;
}

/*
 * The list is in reverse; a TLV whose size libsmpp34 did not believe has shifted all that follow,
 * then all is moot.
 */
static void
compare_tlvs(tlv_t *list, const struct smpp_pdu *ours)
{
	size_t n = 0, our_octets = 0;

	for (tlv_t *t = list; t != NULL; t = t->next)
		n++;
	for (size_t i = 0; i < ours->tlvs; i++)
		our_octets += 4u + ours->tlv[i].len;
	if (tlv_octets(list) != our_octets)
		return;
	assert_int_equal(n, ours->tlvs);
	for (tlv_t *t = list; t != NULL; t = t->next) {
		const struct smpp_tlv *o = &ours->tlv[--n];

		if (t->tag != o->tag || t->length != o->len)
			return;
		assert_true(memcmp(t->value.octet, o->p, o->len) == 0 ||
		    (o->len == 2 && t->value.val16 == (o->p[0] << 8 | o->p[1])) ||
		    (o->len == 4 && t->value.val32 == smpp_u32(o->p)) ||
		    o->len < 4);	/* a typed one whose length is a lie that adds up */
	}
}

static void
compare_text(const uint8_t *text, size_t len, const struct smpp_pdu *ours)
{
	if (len > 0) {
		assert_int_equal(ours->text_len, len);
		assert_memory_equal(ours->text, text, len);
	}
}

#define SAME_STRING(a, b) assert_string_equal((const char *)(a), (b))
#define SAME_MESSAGE(l, o) do { \
	SAME_STRING((l)->service_type, (o)->service_type); \
	SAME_STRING((l)->source_addr, (o)->source); \
	SAME_STRING((l)->destination_addr, (o)->dest); \
	assert_int_equal((l)->source_addr_ton, (o)->source_ton); \
	assert_int_equal((l)->source_addr_npi, (o)->source_npi); \
	assert_int_equal((l)->dest_addr_ton, (o)->dest_ton); \
	assert_int_equal((l)->dest_addr_npi, (o)->dest_npi); \
	assert_int_equal((l)->esm_class, (o)->esm_class); \
	assert_int_equal((l)->registered_delivery, (o)->registered_delivery); \
	assert_int_equal((l)->data_coding, (o)->data_coding); \
	compare_tlvs((l)->tlv, (o)); \
} while (0)
#define SAME_SM(l, o) do { \
	SAME_MESSAGE(l, o); \
	SAME_STRING((l)->validity_period, (o)->validity); \
	assert_int_equal((l)->protocol_id, (o)->protocol_id); \
	assert_int_equal((l)->priority_flag, (o)->priority); \
	assert_int_equal((l)->replace_if_present_flag, (o)->replace); \
	compare_text((l)->short_message, (l)->sm_length, (o)); \
} while (0)

static void
compare(const union lib_pdu *l, const struct smpp_pdu *o)
{
	assert_int_equal(l->enquire.command_id, o->id);
	assert_int_equal(l->enquire.command_status, o->status);
	assert_int_equal(l->enquire.sequence_number, o->sequence);
	switch (o->id) {
	case SMPP_SUBMIT_SM:
		SAME_SM(&l->submit, o);
		break;
	case SMPP_DELIVER_SM:
		SAME_SM(&l->deliver, o);
		break;
	case SMPP_DATA_SM:
		SAME_MESSAGE(&l->data, o);
		break;
	case SMPP_BIND_RECEIVER:
	case SMPP_BIND_TRANSMITTER:
	case SMPP_BIND_TRANSCEIVER:
		SAME_STRING(l->bind.system_id, o->system_id);
		SAME_STRING(l->bind.password, o->password);
		SAME_STRING(l->bind.system_type, o->system_type);
		assert_int_equal(l->bind.interface_version, o->interface_version);
		break;
	case BIND_RECEIVER_RESP:
	case BIND_TRANSMITTER_RESP:
	case BIND_TRANSCEIVER_RESP:
		SAME_STRING(l->bind_resp.system_id, o->system_id);
		break;
	case SUBMIT_SM_RESP:
		SAME_STRING(l->submit_resp.message_id, o->message_id);
		break;
	case DATA_SM_RESP:
		SAME_STRING(l->data_resp.message_id, o->message_id);
		break;
	}
}

#define CLAIMED(m, fixed) \
	(SMPP_HEADER + (fixed) + strlen((const char *)(m).service_type) + \
	    strlen((const char *)(m).source_addr) + strlen((const char *)(m).destination_addr) + \
	    3 + tlv_octets((m).tlv))

/* How long a message would be if the lengths of its TLVs, as libsmpp34 tells them, were true. */
static size_t
claimed(const union lib_pdu *l, uint32_t id)
{
	switch (id) {
	case SMPP_SUBMIT_SM:
		return CLAIMED(l->submit, 14u + l->submit.sm_length) +
		    strlen((const char *)l->submit.validity_period) +
		    strlen((const char *)l->submit.schedule_delivery_time);
	case SMPP_DELIVER_SM:
		return CLAIMED(l->deliver, 14u + l->deliver.sm_length);
	case SMPP_DATA_SM:
		return CLAIMED(l->data, 7u);
	default:
		return 0;
	}
}

/* true: libsmpp34 accepts it, and ours said the same. */
static bool
differ(const unsigned char *p, size_t len)
{
	static union lib_pdu lib;
	struct smpp_pdu ours;
	uint32_t status;
	bool ok = smpp_decode(p, len, &ours, &status);

	if (len < SMPP_HEADER || smpp_u32(p) != len ||
	    (ok ? ours.tlvs > LIB_TLVS : len > LIB_BLIND_MAX))
		return false;
	memset(&lib, 0, sizeof lib);
	arena_used = 0;
	if (smpp34_unpack2(&lib, p, (int)len) != 0)
		return false;
	/* Commands that we know and do not serve. */
	if (!ok && status == SMPP_RINVCMDID)
		return true;
	/*
	 * It never looks at the length of a typed TLV, so it takes one that lies; we answer 0xC0
	 * when that leads out of the PDU.
	 */
	if (!ok && status == SMPP_RINVTLVSTREAM) {
		assert_int_not_equal(claimed(&lib, ours.id), len);
		return true;
	}
	if (!ok)
		fail_msg(
		    "%s of %zu octets: %s", smpp_id_name(ours.id), len, smpp_status_name(status));
	compare(&lib, &ours);
	return true;
}

static void
test_samples_as_libsmpp34_reads_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < samples_n; i++)
		assert_int_equal(differ(samples[i].p, samples[i].len),
		    strcmp(samples[i].verdict, "accept") == 0);
}

static void
test_mutants_as_libsmpp34_reads_them(void **state)
{
	unsigned accepted = 0;

	(void)state;
	seed = 20260725;
	for (unsigned i = 0; i < 40000; i++) {
		const struct sample *s = &samples[chance((uint32_t)samples_n)];
		unsigned char p[600];
		size_t n = s->len;

		memcpy(p, s->p, n);
		for (unsigned k = chance(4); k > 0; k--)
			p[12 + chance((uint32_t)n - 12)] =
			    (unsigned char)(chance(2) ? chance(256) : chance(8));
		if (chance(4) == 0 && n > SMPP_HEADER)
			n -= chance((uint32_t)(n - SMPP_HEADER));
		if (chance(8) == 0) {
			memcpy(p + n,
			    (unsigned char[]){ 0x14, (unsigned char)chance(256), 0, 3, 1, 2, 3 },
			    7);
			n += 7;
		}
		p[2] = (unsigned char)(n >> 8);
		p[3] = (unsigned char)n;
		accepted += differ(p, n);
	}
	print_message("%u of 40000 mutants accepted by both\n", accepted);
	assert_true(accepted > 4000);
}

static void
random_string(char *out, size_t max)
{
	size_t n = chance((uint32_t)max + 1);

	for (size_t i = 0; i < n; i++)
		out[i] = (char)(1 + chance(255));
	out[n] = '\0';
}

/* What we pack, we read; also what libsmpp34 reads of it. */
static void
test_random_messages(void **state)
{
	static const uint32_t id[] = { SMPP_SUBMIT_SM, SMPP_DELIVER_SM, SMPP_DATA_SM };
	unsigned char text[1024], p[SMPP_PDU_MAX];
	char service[8], source[24], dest[24], validity[20];
	struct smpp_pdu pdu;
	uint32_t status;

	(void)state;
	seed = 42;
	for (unsigned i = 0; i < 5000; i++) {
		struct smpp_out out = { .id = id[i % 3],
			.sequence = 1 + chance(0x7fffffff),
			.service_type = service,
			.source_ton = (uint8_t)chance(7),
			.source_npi = 1,
			.dest_ton = (uint8_t)chance(7),
			.dest_npi = 8,
			.source = source,
			.dest = dest,
			.esm_class = (uint8_t)chance(256),
			.registered_delivery = (uint8_t)chance(256),
			.data_coding = (uint8_t)chance(256),
			.text = text,
			.text_len = chance(chance(4) ? 254 : 1025),
			.tlvs = chance(7) };
		size_t len;

		random_string(service, 5);
		random_string(source, 20);
		random_string(dest, 20);
		random_string(validity, 16);
		if (out.id != SMPP_DATA_SM) {
			out.protocol_id = (uint8_t)chance(256);
			out.priority = (uint8_t)chance(256);
			out.validity = out.id == SMPP_SUBMIT_SM ? validity : NULL;
		}
		for (size_t k = 0; k < out.text_len; k++)
			text[k] = (unsigned char)chance(256);
		for (size_t k = 0; k < out.tlvs; k++) {
			out.tlv[k].tag = (uint16_t)(0x1400 + chance(0x2c00));
			out.tlv[k].len = (uint16_t)chance(71);
			for (size_t m = 0; m < out.tlv[k].len; m++)
				out.tlv[k].p[m] = (unsigned char)chance(256);
		}
		len = smpp_encode(&out, p, sizeof p);
		assert_true(len > 0);
		assert_true(smpp_decode(p, len, &pdu, &status));
		assert_false(pdu.odd);
		assert_true(differ(p, len));
		assert_string_equal(pdu.source, source);
		assert_string_equal(pdu.dest, dest);
		assert_string_equal(pdu.service_type, service);
		assert_int_equal(pdu.sequence, out.sequence);
		assert_int_equal(pdu.source_ton, out.source_ton);
		assert_int_equal(pdu.dest_npi, 8);
		assert_int_equal(pdu.esm_class, out.esm_class);
		assert_int_equal(pdu.protocol_id, out.protocol_id);
		assert_int_equal(pdu.priority, out.priority);
		assert_int_equal(pdu.registered_delivery, out.registered_delivery);
		assert_int_equal(pdu.data_coding, out.data_coding);
		assert_string_equal(pdu.validity, out.validity != NULL ? validity : "");
		assert_int_equal(pdu.text_len, out.text_len);
		assert_memory_equal(pdu.text, text, out.text_len);
		for (size_t k = 0; k < out.tlvs; k++) {
			assert_int_equal(pdu.tlv[k].tag, out.tlv[k].tag);
			assert_int_equal(pdu.tlv[k].len, out.tlv[k].len);
			assert_memory_equal(pdu.tlv[k].p, out.tlv[k].p, out.tlv[k].len);
		}
	}
}

int
main(void)
{
	static const struct smpp34_memory_functions memory = { arena_malloc, arena_realloc,
		arena_free };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples_as_libsmpp34_reads_them),
		cmocka_unit_test(test_mutants_as_libsmpp34_reads_them),
		cmocka_unit_test(test_random_messages),
	};

	smpp34_set_memory_functions(&memory);
	return cmocka_run_group_tests(tests, load_samples, NULL);
}
