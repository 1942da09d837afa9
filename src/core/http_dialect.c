/* SPDX-License-Identifier: Apache-2.0 */
#include "core/http_dialect.h"

#include <string.h>

/* A GET has no body to sign: the HMAC of nothing would be good for every request. */
#define OF_GET (PROOF_KEY | PROOF_HEADER | PROOF_BASIC | PROOF_ADDRESS)
#define OF_POST (OF_GET | PROOF_HMAC)
/* Infobip's dialogue and what is to be done with it stand in the path, which an HMAC of the body does not cover. */
#define OF_PATH OF_GET

/*
 * Africa's Talking waits 15 s for an answer (help.africastalking.com 1284071). What the others wait is not published; 8
 * s is a guess that leaves a network time to draw the screen. Contracts differ: the option answer_ms is for them.
 */
#define AT_MS 12000
#define GUESS_MS 8000

const struct http_dialect_row http_dialects[HTTP_DIALECTS] = {
	[DIALECT_AFRICASTALKING] = { "africastalking", OF_POST, HTTP_REPEAT_HISTORY, AT_MS, false },
	[DIALECT_INFOBIP] = { "infobip", OF_PATH, HTTP_REPEAT_NOTHING, GUESS_MS, false },
	[DIALECT_AAT] = { "aat-vodacom", OF_GET, HTTP_REPEAT_OURS, GUESS_MS, true },
	[DIALECT_CHANNELMOBILE] = { "channelmobile", OF_GET, HTTP_REPEAT_OURS, GUESS_MS, false },
	[DIALECT_MTN] = { "mtn-madapi", OF_POST, HTTP_REPEAT_NOTHING, GUESS_MS, false },
	[DIALECT_SAFARICOM] = { "safaricom", OF_GET, HTTP_REPEAT_HISTORY, GUESS_MS, false },
	[DIALECT_HUBTEL] = { "hubtel", OF_POST, HTTP_REPEAT_NUMBER, GUESS_MS, false },
	[DIALECT_ARKESEL] = { "arkesel", OF_POST, HTTP_REPEAT_NOTHING, GUESS_MS, false },
	[DIALECT_NALO] = { "nalo", OF_POST, HTTP_REPEAT_NOTHING, GUESS_MS, false },
	[DIALECT_NSANO] = { "nsano", OF_POST, HTTP_REPEAT_NOTHING, GUESS_MS, false },
	[DIALECT_KORBA] = { "korba-txtghana", OF_POST, HTTP_REPEAT_NOTHING, GUESS_MS, false },
	[DIALECT_JSON] = { "json", OF_POST, HTTP_REPEAT_NUMBER, GUESS_MS, false },
};

const char *const http_dialect_words[HTTP_DIALECTS + 1] = {
	"africastalking", "infobip", "aat-vodacom", "channelmobile", "mtn-madapi", "safaricom", "hubtel", "arkesel",
	"nalo", "nsano", "korba-txtghana", "json", NULL
};

int
http_dialect_find(const char *name)
{
	for (int i = 0; i < HTTP_DIALECTS; i++)
		if (strcmp(http_dialects[i].name, name) == 0)
			return i;
	return -1;
}

int
http_dialect_patience(const char *name, int told)
{
	int i = http_dialect_find(name);

	return told > 0 ? told : i >= 0 ? http_dialects[i].answer_ms : 0;
}
