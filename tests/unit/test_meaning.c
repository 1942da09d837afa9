/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an answer of the wallet core may be taken to mean, as one table: operation, attempt, status and body to what the
 * client calls it and what the intent becomes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/intent.h"

#define NOW INT64_C(1774339200000)
#define UID "387c6075-5b7c-4737-8d4b-b3d42a8efe2f"
#define ERR(type, code) "[{\"type\":\"" type "\",\"severity\":\"LOW\",\"code\":\"" code "\",\"description\":\"x\"}]"
#define ISSUED "{\"withdrawalId\":50001,\"externalUniqueId\":\"" UID "\",\"status\":\"PENDING\",\"token\":\"123456\"," \
	"\"amount\":100.10,\"walletId\":100001,\"fee\":8.00}"
#define ISSUED_AS(uid, amount) "{\"withdrawalId\":50001,\"externalUniqueId\":\"" uid "\",\"status\":\"PENDING\"," \
	"\"amount\":" amount ",\"walletId\":100001}"

enum op { PAY = 1, CASH = 2, BOTH = PAY | CASH };

/* At the first attempt, and at one after an attempt that went unanswered. */
static const struct {
	enum op op;
	int http;
	const char *body;
	enum wallet_end end;
	enum intent_state first, later;
} row[] = {
	/* Done: 2xx, whatever the body of a transfer says. */
	{ PAY, 204, "", WALLET_DONE, INTENT_DONE, INTENT_DONE },
	{ PAY, 200, "", WALLET_DONE, INTENT_DONE, INTENT_DONE },
	{ PAY, 201, "{}", WALLET_DONE, INTENT_DONE, INTENT_DONE },
	{ PAY, 202, "{\"status\":\"ERROR\"}", WALLET_DONE, INTENT_DONE, INTENT_DONE },
	{ PAY, 200, "<html>oops", WALLET_DONE, INTENT_DONE, INTENT_DONE },
	{ PAY, 200, ERR("BUSINESS", "WAL009"), WALLET_DONE, INTENT_DONE, INTENT_DONE },
	{ PAY, 299, "", WALLET_DONE, INTENT_DONE, INTENT_DONE },
	/* A withdrawal is done when it can be read, and is ours: the token is in it. */
	{ CASH, 200, ISSUED, WALLET_DONE, INTENT_DONE, INTENT_DONE },
	{ CASH, 201, ISSUED, WALLET_DONE, INTENT_DONE, INTENT_DONE },
	{ CASH, 204, "", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ CASH, 200, "", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ CASH, 200, "{}", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ CASH, 200, "[]", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ CASH, 200, "<html>oops", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ CASH, 200, "{\"withdrawalId\":50001,\"amou", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ CASH, 200, ISSUED_AS("another-one", "100.10"), WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ CASH, 200, ISSUED_AS(UID, "100.11"), WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ CASH, 200, ISSUED_AS(UID, "\"100.10\""), WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ CASH, 200, ERR("BUSINESS", "WAL009"), WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	/* Refused: a well-formed 4xx array of type BUSINESS, to the first attempt only. */
	{ BOTH, 400, ERR("BUSINESS", "WAL009"), WALLET_REFUSED, INTENT_NOT_DONE, INTENT_ASKING },
	{ BOTH, 400, ERR("BUSINESS", "DUP001"), WALLET_REFUSED, INTENT_NOT_DONE, INTENT_ASKING },
	{ BOTH, 403, ERR("BUSINESS", "SEC001"), WALLET_REFUSED, INTENT_NOT_DONE, INTENT_ASKING },
	{ BOTH, 404, ERR("BUSINESS", "ARCH086"), WALLET_REFUSED, INTENT_NOT_DONE, INTENT_ASKING },
	{ BOTH, 409, ERR("BUSINESS", "DUP001"), WALLET_REFUSED, INTENT_NOT_DONE, INTENT_ASKING },
	{ BOTH, 499, ERR("BUSINESS", "VAL001"), WALLET_REFUSED, INTENT_NOT_DONE, INTENT_ASKING },
	/* Neither of that form. */
	{ BOTH, 400, "", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 400, "[]", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 400, "{\"type\":\"BUSINESS\",\"code\":\"WAL009\"}", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 400, "[{\"type\":\"BUSINESS\"}]", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 400, "[{\"code\":\"WAL009\"}]", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 400, "[\"WAL009\"]", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 400, ERR("SYSTEM", "WAL009"), WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 400, "[{\"type\":\"BUSINESS\",\"code\":\"WAL009\"},{\"type\":\"SYSTEM\",\"code\":\"UNK001\"}]",
	    WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 403, "Forbidden", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 404, "<html>404", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 409, "", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 408, "", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	/* Not processed: another login. */
	{ BOTH, 401, ERR("BUSINESS", "ARCH014"), WALLET_AUTH, INTENT_ACCEPTED, INTENT_ACCEPTED },
	{ BOTH, 401, ERR("SYSTEM", "SEC001"), WALLET_AUTH, INTENT_ACCEPTED, INTENT_ACCEPTED },
	{ BOTH, 401, "", WALLET_AUTH, INTENT_ACCEPTED, INTENT_ACCEPTED },
	{ BOTH, 403, ERR("BUSINESS", "ARCH014"), WALLET_AUTH, INTENT_ACCEPTED, INTENT_ACCEPTED },
	{ BOTH, 500, ERR("BUSINESS", "ARCH014"), WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	/* Not processed: later. */
	{ BOTH, 429, "", WALLET_LATER, INTENT_ACCEPTED, INTENT_ACCEPTED },
	{ BOTH, 429, "<html>slower", WALLET_LATER, INTENT_ACCEPTED, INTENT_ACCEPTED },
	{ BOTH, 429, ERR("BUSINESS", "WAL009"), WALLET_LATER, INTENT_ACCEPTED, INTENT_ACCEPTED },
	{ BOTH, 400, ERR("BUSINESS", "RLT001"), WALLET_LATER, INTENT_ACCEPTED, INTENT_ACCEPTED },
	{ BOTH, 503, ERR("SYSTEM", "RLT001"), WALLET_LATER, INTENT_ACCEPTED, INTENT_ACCEPTED },
	/* Everything else may have been done. */
	{ BOTH, 500, "", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 500, ERR("BUSINESS", "WAL009"), WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 500, ERR("SYSTEM", "UNK001"), WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 502, "<html>Bad Gateway", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 503, ERR("BUSINESS", "WAL009"), WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 504, "", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 301, "", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 302, ERR("BUSINESS", "WAL009"), WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 307, "", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 100, "", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 600, ERR("BUSINESS", "WAL009"), WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
	{ BOTH, 0, "", WALLET_UNKNOWN, INTENT_ASKING, INTENT_ASKING },
};

static struct wallet_answer ans;	/* too big for a stack */

static void
play(size_t k, enum intent_kind kind, int attempt)
{
	struct wallet_req req = { .op = kind == INTENT_TRANSFER ? WALLET_TRANSFER : WALLET_WITHDRAWAL_CREATE,
		.uid = UID, .wallet_id = 100001, .amount = 10010 };
	struct intent i = { .kind = kind, .state = INTENT_RUNNING, .amount = 10010, .wallet_id = 100001, .id = UID,
		.attempts = attempt, .not_after = NOW + INTENT_SEND_MS };
	enum intent_state want = attempt == 1 ? row[k].first : row[k].later;
	bool counted;

	wallet_parse(&req, row[k].http, row[k].body, strlen(row[k].body), &ans);
	intent_on_sent(&i, NOW, &ans);
	counted = want != INTENT_ACCEPTED;
	if (ans.end != row[k].end || i.state != want || i.attempts != attempt - !counted)
		fail_msg("row %zu, attempt %d: %d %s is %s, and the intent %s after %d attempts", k, attempt,
		    row[k].http, row[k].body, wallet_end_name(ans.end), intent_state_name(i.state), i.attempts);
}

static void
test_every_row(void **state)
{
	(void)state;
	for (size_t k = 0; k < NELEM(row); k++)
		for (int attempt = 1; attempt <= 2; attempt++) {
			if (row[k].op & PAY)
				play(k, INTENT_TRANSFER, attempt);
			if (row[k].op & CASH)
				play(k, INTENT_WITHDRAWAL, attempt);
		}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_row) };

	return cmocka_run_group_tests_name("meaning", tests, NULL, NULL);
}
