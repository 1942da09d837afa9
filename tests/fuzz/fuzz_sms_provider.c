/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request of an SMS provider (the URL's target, then its body), and the same as an answer to ours, of any octets: read
 * as each provider's. What comes out is bounded and, where it may be logged, plain; nobody's signature is good by chance.
 */
#include <ctype.h>

#include "base/mem.h"
#include "core/sms_provider.h"
#include "tests/fuzz/fuzz.h"

static void
is_plain(const char *s, size_t size)
{
	must(strnlen(s, size) < size);
	for (; *s != '\0'; s++)
		must(isalnum((unsigned char)*s) || *s == '_' || *s == '-');
}

static void
on_event(void *arg, const struct sms_event *e)
{
	size_t *n = arg;

	must(++*n <= SMS_EVENTS_MAX);
	if (e->kind != SMS_EVENT_RECEIPT) {
		must(e->phone != NULL && (e->kind == SMS_EVENT_OPT_OUT || e->text != NULL));
		return;
	}
	must(e->receipt.state <= RECEIPT_UNKNOWN && !e->receipt.maybe);
	must(strnlen(e->receipt.id, RECEIPT_ID) < RECEIPT_ID && strnlen(e->receipt.tlv_id, RECEIPT_ID) < RECEIPT_ID);
	is_plain(e->receipt.stat, sizeof e->receipt.stat);
	is_plain(e->receipt.err, sizeof e->receipt.err);
}

static void
as_answer(enum sms_provider p, const char *body, size_t len, int status)
{
	struct sms_said said;

	sms_provider_answer(p, status, body, len, &said);
	must(said.verdict <= SMS_SAID_UNKNOWN && (said.id[0] == '\0' || said.verdict == SMS_SAID_ACCEPTED));
	must(status < 300 || said.verdict != SMS_SAID_ACCEPTED);
	must(strnlen(said.id, sizeof said.id) < sizeof said.id);
	is_plain(said.word, sizeof said.word);
	must(strpbrk(said.word, "0123456789") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = { 200, 201, 302, 400, 401, 404, 409, 429, 500, 503 };
	char *body, *target;
	size_t first = fuzz_halves(data, size, &body);
	struct sms_heard h;

	target = strndup((const char *)data, first);
	must(target != NULL);
	/* Without a line between them what is there is both. */
	h = (struct sms_heard){ .target = target, .body = body[0] != '\0' ? body : target };
	h.len = strlen(h.body);
	h.signature = target;
	for (int p = 0; p < SMS_PROVIDERS; p++) {
		for (int way = 0; way < SMS_WAYS; way++) {
			size_t n = 0;
			bool read = sms_provider_read((enum sms_provider)p, (enum sms_way)way, &h, on_event, &n);

			must(read || n == 0 || n == SMS_EVENTS_MAX);
		}
		for (size_t i = 0; i < NELEM(statuses); i++)
			as_answer((enum sms_provider)p, h.body, h.len, statuses[i]);
		must(!sms_provider_signed((enum sms_provider)p, "secret", "https://gw.example", &h));
	}
	free(target);
	free(body);
	return 0;
}
