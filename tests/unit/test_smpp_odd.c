/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every PDU of tests/data/smpp that an SMSC may write, through a socket to a bound link: what is
 * answered, whom it reaches, and that the link stands afterwards. What is read out of them is in
 * test_smpp_pdu.c.
 */
#include "test_smpp_raw.h"
#include "test_smpp_samples.h"

#define NO_ANSWER UINT32_MAX

static void
put_sequence(unsigned char *pdu, uint32_t sequence)
{
	for (int i = 0; i < 4; i++)
		pdu[12 + i] = (unsigned char)(sequence >> (24 - 8 * i));
}

/* An enquire_link with a number of its own: its answer says that all before it was worked off. */
static void
write_mark(uint32_t number)
{
	unsigned char p[SMPP_HEADER] = { 0, 0, 0, 16, 0, 0, 0, SMPP_ENQUIRE_LINK };

	put_sequence(p, number);
	raw_write(p, sizeof p);
}

static void
expect_mark(uint32_t number)
{
	struct smpp_pdu pdu;

	assert_true(raw_read(&pdu));
	assert_int_equal(pdu.id, (uint32_t)SMPP_RESP | SMPP_ENQUIRE_LINK);
	assert_int_equal(pdu.sequence, number);
}

/* The status of our answer to a request of the SMSC; responses get none. */
static uint32_t
answer_to(const struct sample *s)
{
	uint32_t id = smpp_u32(s->p + 4);

	if (id & (uint32_t)SMPP_RESP)
		return NO_ANSWER;
	return str_starts(s->name, "53-") ? SMPP_RINVTLVSTREAM : SMPP_ROK;
}

static void
test_requests_and_strangers(void **state)
{
	struct smpp_pdu pdu;
	uint32_t mark = 0x70000000;
	unsigned requests = 0;

	(void)state;
	raw_bound();
	for (size_t i = 0; i < samples_n; i++) {
		const struct sample *s = &samples[i];

		if (strcmp(s->direction, "E>S") == 0 || smpp_u32(s->p + 4) == SMPP_UNBIND)
			continue;
		print_message("%s\n", s->name);
		raw_write(s->p, s->len);
		write_mark(++mark);
		if (answer_to(s) != NO_ANSWER) {
			assert_true(raw_read(&pdu));
			assert_int_equal(pdu.id, smpp_u32(s->p + 4) | (uint32_t)SMPP_RESP);
			assert_int_equal(pdu.sequence, smpp_u32(s->p + 12));
			assert_int_equal(pdu.status, answer_to(s));
			requests++;
		}
		expect_mark(mark);
	}
	assert_int_equal(smpp_link_state(w.link), LINK_BOUND);
	/* All but enquire_link, and the one that cannot be read, were handed up. */
	assert_true(requests > 30);
	assert_int_equal(w.delivers, requests - 2);
	raw_close();
}

/* The same responses, to a submit of ours: they end it, whatever else they carry. */
static void
test_responses_to_a_submit(void **state)
{
	uint32_t mark = 0x71000000;
	uint64_t op = 0;

	(void)state;
	raw_bound();
	for (size_t i = 0; i < samples_n; i++) {
		const struct sample *s = &samples[i];
		struct smpp_out out = { .id = SMPP_SUBMIT_SM, .dest = "27600000001", .urgent = true };
		unsigned char p[sizeof s->p];
		struct smpp_pdu pdu, resp;

		if (strcmp(s->direction, "E>S") == 0 || (!strstr(s->name, "-submit_resp-") &&
		    !str_starts(s->name, "11-")))
			continue;
		print_message("%s\n", s->name);
		smpp_link_request(w.link, &out, ++op, 0, on_end, &w);
		assert_true(raw_read(&pdu));
		memcpy(p, s->p, s->len);
		put_sequence(p, pdu.sequence);
		raw_write(p, s->len);
		write_mark(++mark);
		expect_mark(mark);
		decode(s->name, &resp);
		assert_int_equal(end_of(op)->end, SMPP_ANSWERED);
		assert_int_equal(end_of(op)->status, resp.status);
		assert_string_equal(end_of(op)->message_id, resp.message_id);
	}
	assert_int_equal(op, 9);
	assert_string_equal(end_of(2)->message_id, "00B8BE19");
	raw_close();
}

/* To the bind itself, with the number of ours. */
static void
test_responses_to_the_bind(void **state)
{
	static const struct {
		const char *name;
		enum smpp_link_state then;
		int64_t pause;		/* ms at least, before the next attempt */
	} bind[] = {
		{ "02-", LINK_BOUND, 0 },
		{ "06-", LINK_BOUND, 0 },
		{ "03-", LINK_CLOSED, 59000 },
		{ "05-", LINK_CLOSED, 29000 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(bind); i++) {
		const struct sample *s = sample(bind[i].name);
		unsigned char p[sizeof s->p];
		struct smpp_pdu pdu;

		w.states_n = 0;
		raw_open();
		open_link();
		assert_true(raw_read(&pdu));
		memcpy(p, s->p, s->len);
		put_sequence(p, pdu.sequence);
		raw_write(p, s->len);
		UNTIL(w.states_n == 3);
		assert_int_equal(w.states[2], bind[i].then);
		if (bind[i].then == LINK_CLOSED)
			assert_true(smpp_link_next_attempt(w.link) - loop_now(w.loop) >=
			    bind[i].pause);
		smpp_link_free(w.link);
		w.link = NULL;
		raw_close();
	}
}

/* Counted each time, said once. */
static void
test_odd_ones_are_counted(void **state)
{
	const struct sample *s = sample("52-");
	int64_t odd = metric_get(M_SMPP_PDUS_ODD), bad = metric_get(M_SMPP_PDUS_BAD);
	struct smpp_pdu pdu;

	(void)state;
	raw_bound();
	for (int i = 0; i < 3; i++) {
		raw_write(s->p, s->len);
		assert_true(raw_read(&pdu));
		assert_int_equal(pdu.status, SMPP_ROK);
	}
	assert_int_equal(metric_get(M_SMPP_PDUS_ODD), odd + 3);
	assert_int_equal(metric_get(M_SMPP_PDUS_BAD), bad);
	raw_write(sample("53-")->p, sample("53-")->len);
	assert_true(raw_read(&pdu));
	assert_int_equal(metric_get(M_SMPP_PDUS_ODD), odd + 3);
	assert_int_equal(metric_get(M_SMPP_PDUS_BAD), bad + 1);
	raw_close();
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_requests_and_strangers),
		T(test_responses_to_a_submit),
		T(test_responses_to_the_bind),
		T(test_odd_ones_are_counted),
	};

	return cmocka_run_group_tests(tests, load_samples, NULL);
}
