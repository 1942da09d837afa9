/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of any octets, the first of which says of what. What can be decoded is written and read
 * again as the same, and what is said of it is defined.
 */
#include "core/edition.h"
#include "core/intent.h"
#include "core/login.h"
#include "core/message.h"
#include "core/money.h"
#include "core/operator_view.h"
#include "core/order.h"
#include "core/pin.h"
#include "core/request.h"
#include "core/session.h"
#include "tests/fuzz/fuzz.h"

union record {
	struct session session;
	struct subscriber subscriber;
	struct intent intent;
	struct message message;
	struct pin_tries pin;
	struct limit limit;
	struct login login;
	struct request request;
	struct audit_head head;
	struct edition_pointer pointer;
	struct editions editions;
};

static union record first, second;

/* What an operator is shown of it. */
static void
show(json_t *shown)
{
	char *text = json_dumps(shown, JSON_COMPACT);

	must(text != NULL);
	free(text);
	json_decref(shown);
}

static void
say_session(const union record *r)
{
	const char *at = r->session.trail;
	struct history_turn t;
	int n = 0;

	while (history_next_turn(&at, &t)) {
		must(strnlen(t.state, sizeof t.state) < sizeof t.state && ++n < HISTORY_TRAIL);
		show(operator_view_turn(&t, "ussd"));
	}
}

static void
say_request(const union record *r)
{
	must(request_state_name(r->request.state) != NULL);
	show(operator_view_request(&r->request));
}

static void
say_intent(const union record *r)
{
	struct buf out = { 0 };

	must(intent_state_name(r->intent.state) != NULL && intent_why_name(r->intent.why) != NULL);
	order_print(&r->intent, &out);
	order_print_refusal(&r->intent, &out);
	show(operator_view_person(&r->intent, 0));
	buf_clear(&out);
}

static void
say_message(const union record *r)
{
	must(message_state_name(r->message.state) != NULL);
	(void)message_final(&r->message);
	show(operator_view_message(&r->message));
}

static void
say_pin(const union record *r)
{
	must(pin_left(&r->pin) >= 0 && pin_left(&r->pin) <= PIN_TRIES);
	show(operator_view_pin(&r->pin, 0));
}

static void
say_limit(const union record *r)
{
	must(limit_used(&r->limit) >= 0 && limit_used(&r->limit) <= LIMIT_ENTRIES * MONEY_MAX);
}

static void
say_subscriber(const union record *r)
{
	static const unsigned char payee[16];

	must(subscriber_count_tokens(&r->subscriber, payee, 0) <= RECENT_PAYMENTS);
	show(operator_view_subscriber(&r->subscriber));
}

static void
say_editions(const union record *r)
{
	must(editions_kept(&r->editions) <= (int)r->editions.n);
	(void)editions_crowded(&r->editions, INT64_MAX / 2, 1);
	for (size_t i = 0; i < r->editions.n; i++)
		(void)editions_find(&r->editions, r->editions.edition[i].version);
}

#define CODEC(name, member) \
	static bool \
	decode_##member(const void *p, size_t n, union record *r) \
	{ \
		return name##_decode(p, n, &r->member); \
	} \
	static void \
	encode_##member(const union record *r, struct buf *out) \
	{ \
		name##_encode(&r->member, out); \
	}
CODEC(session, session)
CODEC(subscriber, subscriber)
CODEC(intent, intent)
CODEC(message, message)
CODEC(pin, pin)
CODEC(limit, limit)
CODEC(login, login)
CODEC(request, request)
CODEC(audit_head, head)
CODEC(edition_pointer, pointer)
CODEC(editions, editions)

static const struct {
	bool (*decode)(const void *p, size_t n, union record *r);
	void (*encode)(const union record *r, struct buf *out);
	void (*say)(const union record *r);
} kinds[] = {
	{ decode_session, encode_session, say_session },
	{ decode_subscriber, encode_subscriber, say_subscriber },
	{ decode_intent, encode_intent, say_intent },
	{ decode_message, encode_message, say_message },
	{ decode_pin, encode_pin, say_pin },
	{ decode_limit, encode_limit, say_limit },
	{ decode_login, encode_login, NULL },
	{ decode_request, encode_request, say_request },
	{ decode_head, encode_head, NULL },
	{ decode_pointer, encode_pointer, NULL },
	{ decode_editions, encode_editions, say_editions },
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once = { 0 }, twice = { 0 };
	size_t k;

	if (size == 0)
		return 0;
	k = data[0] % NELEM(kinds);
	memset(&first, 0, sizeof first);
	if (!kinds[k].decode(data + 1, size - 1, &first))
		return 0;
	kinds[k].encode(&first, &once);
	memset(&second, 0, sizeof second);
	must(kinds[k].decode(once.p, once.len, &second));
	must(memcmp(&first, &second, sizeof first) == 0);
	kinds[k].encode(&second, &twice);
	must(once.len == twice.len && (once.len == 0 || memcmp(once.p, twice.p, once.len) == 0));
	if (kinds[k].say != NULL)
		kinds[k].say(&first);
	buf_clear(&once);
	buf_clear(&twice);
	return 0;
}
