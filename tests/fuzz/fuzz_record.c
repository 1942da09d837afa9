/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of any octets, the first of which says of what. What can be decoded is written and read
 * again as the same, and what is said of it is defined.
 */
#include "core/intent.h"
#include "core/login.h"
#include "core/message.h"
#include "core/money.h"
#include "core/order.h"
#include "core/pin.h"
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
};

static union record first, second;

static void
say_intent(const union record *r)
{
	struct buf out = { 0 };

	must(intent_state_name(r->intent.state) != NULL && intent_why_name(r->intent.why) != NULL);
	order_print(&r->intent, &out);
	order_print_refusal(&r->intent, &out);
	buf_clear(&out);
}

static void
say_message(const union record *r)
{
	must(message_state_name(r->message.state) != NULL);
	(void)message_final(&r->message);
}

static void
say_pin(const union record *r)
{
	must(pin_left(&r->pin) >= 0 && pin_left(&r->pin) <= PIN_TRIES);
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

static const struct {
	bool (*decode)(const void *p, size_t n, union record *r);
	void (*encode)(const union record *r, struct buf *out);
	void (*say)(const union record *r);
} kinds[] = {
	{ decode_session, encode_session, NULL },
	{ decode_subscriber, encode_subscriber, say_subscriber },
	{ decode_intent, encode_intent, say_intent },
	{ decode_message, encode_message, say_message },
	{ decode_pin, encode_pin, say_pin },
	{ decode_limit, encode_limit, say_limit },
	{ decode_login, encode_login, NULL },
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
	must(once.len == twice.len && memcmp(once.p, twice.p, once.len) == 0);
	if (kinds[k].say != NULL)
		kinds[k].say(&first);
	buf_clear(&once);
	buf_clear(&twice);
	return 0;
}
