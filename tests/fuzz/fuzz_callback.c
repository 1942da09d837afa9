/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signature header (or a callbackUrl) and a body, of any octets. Only what was signed with the key opens, and no URL
 * that is taken has a host which leads inside by its number.
 */
#include "base/cidr.h"
#include "core/callback.h"
#include "core/signature.h"
#include "tests/fuzz/fuzz.h"

#define AT INT64_C(1774339200000)

static void
check_url(const char *url)
{
	static const struct integrator_settings who = { .name = "fuzz" };
	char problem[160] = "", host[256];

	if (!callback_url_fits(url, &who, problem, sizeof problem)) {
		must(problem[0] != '\0' && strnlen(problem, sizeof problem) < sizeof problem);
		return;
	}
	must(strncmp(url, "https://", 8) == 0 && strpbrk(url, " \r\n#\\") == NULL);
	/* Behind the host an '@' is a letter like others. */
	must(memchr(url + 8, '@', strcspn(url + 8, "/?")) == NULL);
	must(callback_url_host(url, host, sizeof host) && host[0] != '\0');
	must(!cidr_valid(host) || !cidr_is_internal(host));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *body, *header, made[SIGNATURE_MAX];
	size_t first = fuzz_halves(data, size, &body), len = strlen(body);
	struct callback_said said;

	header = strndup((const char *)data, first);
	must(header != NULL);
	check_url(header);
	callback_read(body, len, &said);
	must(strnlen(said.uid, sizeof said.uid) < sizeof said.uid && said.status >= 0 &&
	    said.status <= WSTATUS_ERROR + 1);
	signature_make("key", AT, body, len, made);
	must(signature_check(made, "key", body, len, AT, 0) == SIGNATURE_GOOD);
	if (signature_check(header, "another key", body, len, AT, INT64_MAX / 2) == SIGNATURE_GOOD)
		must(len == 0 && size == 0);	/* nobody finds one by chance */
	free(header);
	free(body);
	return 0;
}
