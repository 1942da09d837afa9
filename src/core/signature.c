/* SPDX-License-Identifier: Apache-2.0 */
#include "core/signature.h"

#include <inttypes.h>
#include <string.h>

#include <sodium.h>

#include "base/mem.h"
#include "base/str.h"

#define TIME_MAX 15			/* digits of t */
#define BASE64_MAC 45			/* 32 octets in base64, and a NUL */

static void
mac_text(const char *key, const char *t, const void *body, size_t len, char out[BASE64_MAC])
{
	crypto_auth_hmacsha256_state st;
	unsigned char mac[crypto_auth_hmacsha256_BYTES];

	crypto_auth_hmacsha256_init(&st, (const unsigned char *)key, strlen(key));
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)t, strlen(t));
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)".", 1);
	crypto_auth_hmacsha256_update(&st, body, len);
	crypto_auth_hmacsha256_final(&st, mac);
	sodium_bin2base64(out, BASE64_MAC, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
	mem_wipe(&st, sizeof st);
	mem_wipe(mac, sizeof mac);
}

void
signature_make(const char *key, int64_t t_ms, const void *body, size_t len, char out[SIGNATURE_MAX])
{
	char t[24], mac[BASE64_MAC];

	str_format(t, sizeof t, "%" PRId64, t_ms);
	mac_text(key, t, body, len, mac);
	str_format(out, SIGNATURE_MAX, "t=%s,v1=%s", t, mac);
}

/* The only "name=value" of the header; twice is as good as not at all. */
static bool
part_of(const char *header, const char *name, char *out, size_t size)
{
	size_t name_len = strlen(name);
	int found = 0;

	for (const char *at = header; at != NULL; at = strchr(at, ',')) {
		size_t n;

		at += *at == ',';
		at += strspn(at, " \t");
		n = strcspn(at, ", \t");
		if (n > name_len && strncmp(at, name, name_len) == 0 && at[name_len] == '=' &&
		    (found++ > 0 || !str_copyn(out, size, at + name_len + 1, n - name_len - 1)))
			return false;
	}
	return found == 1;
}

enum signature_end
signature_check(const char *header, const char *key, const void *body, size_t len, int64_t now, int64_t window_ms)
{
	char t[TIME_MAX + 1], theirs[BASE64_MAC], ours[BASE64_MAC];
	int64_t at;

	if (header == NULL || !part_of(header, "t", t, sizeof t) || !part_of(header, "v1", theirs, sizeof theirs) ||
	    !str_all_digits(t) || !str_to_i64(t, 0, INT64_MAX, &at) || strlen(theirs) != BASE64_MAC - 1)
		return SIGNATURE_UNREADABLE;
	/* t is signed as it was written: "007" is not "7". */
	mac_text(key, t, body, len, ours);
	if (!str_equal_secret(ours, theirs, BASE64_MAC - 1))
		return SIGNATURE_WRONG;
	return at < now - window_ms || at > now + SIGNATURE_AHEAD_MS ? SIGNATURE_OLD : SIGNATURE_GOOD;
}

const char *
signature_end_name(enum signature_end e)
{
	static const char *const name[] = { "good", "unreadable", "wrong", "old" };

	return name[e];
}
