/* SPDX-License-Identifier: Apache-2.0 */
/* Messages over WhatsApp: what a call came to is never taken for something else, and "slower" fails nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/whatsapp_world.h"

static void
send_req(uint64_t op, const struct sms_req *like)
{
	struct sms_req q = *like;

	q.channel = CHANNEL;
	q.deadline_ms = q.deadline_ms != 0 ? q.deadline_ms : loop_wall(w.loop) + 60000;
	if (q.to[0] == '\0' && q.user == NULL)
		str_copy(q.to, sizeof q.to, PHONE);
	if (q.text == NULL)
		q.text = "Balance R50.00";
	if (q.ours == NULL)
		q.ours = "wl-1";
	edge_sms(w.edge, op, &q);
}

static enum sms_end
send_at_once(const struct sms_req *like)
{
	unsigned n = w.sms_n;

	send_req(100 + n, like);
	assert_int_equal(w.sms_n, n);		/* never on the asker's stack */
	UNTIL(w.sms_n > n);
	assert_int_equal(w.sms_ops[n], 100 + n);
	return w.sms[n].end;
}

/* As the outbox does: no more than there is room for. */
static enum sms_end
send_and_wait(const struct sms_req *like)
{
	UNTIL(edge_sms_free(w.edge, CHANNEL) > 0);
	return send_at_once(like);
}

#define PLAIN (&(struct sms_req){ .cls = MSG_RESULT })

static void
test_sent(void **state)
{
	char id[RECEIPT_ID];

	(void)state;
	provider_id_fit("wamid.OUT1", id);
	assert_int_equal(send_and_wait(PLAIN), SMS_SENT);
	assert_string_equal(w.sms[0].id, id);
	assert_string_equal(w.paths[0], "/v25.0/" NUMBER "/messages");
	assert_string_equal(w.bearers[0], "Bearer EAAsecretsecretsecret");
	assert_sample_form(w.posted[0], strlen(w.posted[0]), "out-text.json", "");
	assert_non_null(strstr(w.posted[0], "\"biz_opaque_callback_data\":\"wl-1\""));
	assert_int_equal(send_and_wait(&(struct sms_req){ .user = "ZA.1" }), SMS_SENT);
	assert_non_null(strstr(w.posted[1], "\"recipient\":\"ZA.1\""));
}

/* Sent or not: never taken for a failure. Not connected: certainly not sent. */
static void
test_lost_answers(void **state)
{
	(void)state;
	graph_says(0, NULL);
	assert_int_equal(send_and_wait(PLAIN), SMS_UNKNOWN);
	graph_says(1, NULL);
	assert_int_equal(send_and_wait(PLAIN), SMS_UNKNOWN);
	graph_says(200, "<html>");
	assert_int_equal(send_and_wait(PLAIN), SMS_UNKNOWN);
	assert_int_equal(w.posts, 3);
	graph_says(502, "<html>");
	assert_int_equal(send_and_wait(&(struct sms_req){ .to = "27600000002" }), SMS_UNKNOWN);
	str_copy(w.channels[CHANNEL].whatsapp.api_url, sizeof w.channels[0].whatsapp.api_url, "http://127.0.0.1:1");
	assert_int_equal(send_and_wait(&(struct sms_req){ .to = "27600000002" }), SMS_LATER);
	assert_int_equal(send_and_wait(&(struct sms_req){ .deadline_ms = 1 }), SMS_EXPIRED);
}

static void
test_errors(void **state)
{
	static const struct {
		const char *body;
		int status;
		enum sms_end end;
		unsigned word;
	} row[] = {
		{ ERROR_ANSWER(131026), 400, SMS_REFUSED, 131026 }, { ERROR_ANSWER(131049), 400, SMS_REFUSED, 131049 },
		{ ERROR_ANSWER(131047), 400, SMS_REFUSED, 131047 }, { ERROR_ANSWER(132001), 404, SMS_REFUSED, 132001 },
		{ ERROR_ANSWER(100), 400, SMS_REFUSED, 100 }, { ERROR_ANSWER(131016), 503, SMS_FEW, 131016 },
		{ ERROR_ANSWER(2), 400, SMS_FEW, 2 }, { "no", 400, SMS_REFUSED, 400 },
	};

	(void)state;
	w.channels[CHANNEL].whatsapp.pair_burst = 3;
	for (unsigned i = 0; i < NELEM(row); i++) {
		struct sms_req q = { .cls = MSG_RESULT };

		str_format(q.to, sizeof q.to, "2760000000%u", i);
		graph_says(row[i].status, row[i].body);
		assert_int_equal(send_and_wait(&q), row[i].end);
		assert_int_equal(w.sms[i].status, row[i].word);
	}
	UNTIL(edge_sms_free(w.edge, CHANNEL) > 0);
}

/* Slower: nothing fails, and nothing more is sent for now. */
static void
test_throttled(void **state)
{
	static const char *const codes[] = { ERROR_ANSWER(130429), ERROR_ANSWER(80007), ERROR_ANSWER(4),
		ERROR_ANSWER(131048), ERROR_ANSWER(133016), "" };

	(void)state;
	for (unsigned i = 0; i < NELEM(codes); i++) {
		if (i > 0) {
			teardown(state);
			setup(state);
		}
		UNTIL(edge_sms_free(w.edge, CHANNEL) > 1);
		graph_says(i == 5 ? 429 : 400, codes[i]);
		assert_int_equal(send_and_wait(PLAIN), SMS_LATER);
		assert_int_equal(edge_sms_free(w.edge, CHANNEL), 0);
		assert_int_equal(send_at_once(&(struct sms_req){ .to = "27600000002" }), SMS_LATER);
		assert_int_equal(w.posts, 1);
		assert_true(edge_sms_free(w.edge, 2) > 0);	/* another number */
	}
}

static void
test_pair(void **state)
{
	struct buf text = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(send_and_wait(PLAIN), SMS_SENT);
	assert_int_equal(send_and_wait(PLAIN), SMS_LATER);
	assert_int_equal(w.posts, 3);
	assert_int_equal(send_and_wait(&(struct sms_req){ .to = "27600000002" }), SMS_SENT);
	sample_read("send-error-131056.json", &text);
	graph_says(400, buf_str(&text));
	assert_int_equal(send_and_wait(&(struct sms_req){ .to = "27600000002" }), SMS_LATER);
	graph_says(200, OK_ANSWER);
	assert_int_equal(send_and_wait(&(struct sms_req){ .to = "27600000002" }), SMS_LATER);
	assert_int_equal(w.posts, 5);
	assert_int_equal(send_and_wait(&(struct sms_req){ .to = "27600000003" }), SMS_SENT);
	/* A status can say so as well. */
	assert_int_equal(post("{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":[{\"field\":\"messages\","
	    "\"value\":{\"metadata\":{\"phone_number_id\":\"" NUMBER "\"},\"statuses\":[{\"status\":\"failed\",\"id\":"
	    "\"wamid.A\",\"recipient_id\":\"27600000003\",\"errors\":[{\"code\":131056}]}]}}]}]}"), 200);
	assert_int_equal(send_and_wait(&(struct sms_req){ .to = "27600000003" }), SMS_LATER);
	assert_int_equal(w.posts, 6);
	buf_clear(&text);
}

/* The token has expired: an alarm, and the messages wait or go another way. */
static void
test_stopped(void **state)
{
	struct buf text = { 0 };

	(void)state;
	w.channels[CHANNEL].whatsapp.stop_s = 0;
	sample_read("send-error-190.json", &text);
	graph_says(401, buf_str(&text));
	assert_int_equal(send_and_wait(PLAIN), SMS_LATER);
	assert_int_equal(metric_get(M_WA_STOPPED), 1);
	/* stop_s is over: one at a time tries. */
	UNTIL(edge_sms_free(w.edge, CHANNEL) == 1);
	send_req(500, PLAIN);
	assert_int_equal(edge_sms_free(w.edge, CHANNEL), 0);
	UNTIL(w.sms_n == 2);
	assert_int_equal(w.sms[1].end, SMS_LATER);
	graph_says(200, OK_ANSWER);
	UNTIL(edge_sms_free(w.edge, CHANNEL) == 1);
	assert_int_equal(send_and_wait(PLAIN), SMS_SENT);
	assert_int_equal(metric_get(M_WA_STOPPED), 0);
	UNTIL(edge_sms_free(w.edge, CHANNEL) > 1);
	/* A webhook can say so as well. */
	w.channels[CHANNEL].whatsapp.stop_s = 60;
	assert_int_equal(post("{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":[{\"field\":\"messages\","
	    "\"value\":{\"metadata\":{\"phone_number_id\":\"" NUMBER "\"},\"errors\":[{\"code\":131031}]}}]}]}"), 200);
	assert_int_equal(edge_sms_free(w.edge, CHANNEL), 0);
	assert_int_equal(metric_get(M_WA_STOPPED), 1);
	metric_set(M_WA_STOPPED, 0);
	buf_clear(&text);
}

static void
add_template(const char *name, const char *lang)
{
	struct whatsapp_settings *m = &w.channels[CHANNEL].whatsapp;
	struct template_settings *t = &m->templates[m->templates_n++];

	t->cls = MSG_RESULT;
	str_copy(t->for_language, sizeof t->for_language, lang);
	str_copy(t->name, sizeof t->name, name);
	str_copy(t->language, sizeof t->language, "en");
}

/* After a day only a template may be sent, and only of the message's class. */
static void
test_window_over(void **state)
{
	struct sms_req over = { .cls = MSG_RESULT, .window_over = true };
	struct sms_req notice = { .cls = MSG_NOTICE, .window_over = true };

	(void)state;
	assert_int_equal(send_and_wait(&over), SMS_REFUSED);
	add_template("news_zulu", "zu");
	add_template("news", "");
	assert_int_equal(send_and_wait(&notice), SMS_REFUSED);
	assert_int_equal(w.posts, 0);
	assert_int_equal(send_and_wait(&over), SMS_SENT);
	assert_non_null(strstr(w.posted[0], "\"name\":\"news\""));
	assert_non_null(strstr(w.posted[0], "\"text\":\"Balance R50.00\""));
	over.lang = "zu";
	assert_int_equal(send_and_wait(&over), SMS_SENT);
	assert_non_null(strstr(w.posted[1], "\"name\":\"news_zulu\""));
	/* The network's clock says that it is over, ours does not: the same message in its template. */
	graph_says(400, ERROR_ANSWER(131047));
	str_copy(over.to, sizeof over.to, "27600000002");
	over.window_over = false;
	assert_int_equal(send_and_wait(&over), SMS_REFUSED);
	assert_int_equal(w.posts, 4);
	assert_non_null(strstr(w.posted[2], "\"type\":\"text\""));
	assert_non_null(strstr(w.posted[3], "\"name\":\"news_zulu\""));
}

/* The throughput of the number is that of all processes. */
static void
test_shared_throughput(void **state)
{
	(void)state;
	w.s.provider_connections = 1000;
	w.processes = 40;
	UNTIL(edge_sms_free(w.edge, CHANNEL) == 1);
	assert_int_equal(send_and_wait(PLAIN), SMS_SENT);
	assert_int_equal(edge_sms_free(w.edge, CHANNEL), 0);
	assert_int_equal(send_at_once(PLAIN), SMS_LATER);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_sent), T(test_lost_answers), T(test_errors), T(test_throttled), T(test_pair),
		T(test_stopped), T(test_window_over), T(test_shared_throughput),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
