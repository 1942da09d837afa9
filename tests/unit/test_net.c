/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/cidr.h"
#include "io/net.h"

static void
blocks_match_by_their_bits(void **state)
{
	static const struct {
		const char *cidr, *address;
		bool matches;
	} row[] = {
		{ "10.0.0.0/8", "10.255.1.2", true },
		{ "10.0.0.0/8", "11.0.0.1", false },
		{ "10.0.0.7/8", "10.1.1.1", true },
		{ "192.168.4.0/22", "192.168.7.255", true },
		{ "192.168.4.0/22", "192.168.8.0", false },
		{ "127.0.0.1", "127.0.0.1", true },
		{ "127.0.0.1", "127.0.0.2", false },
		{ "127.0.0.1/32", "127.0.0.2", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "203.0.113.9", false },
		{ "::1/128", "::1", true },
		{ "::1/128", "::2", false },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "fe80::/10", "fe80::1%eth0", true },
		{ "10.0.0.0/8", "::ffff:10.1.2.3", true },
		{ "::ffff:10.0.0.0/104", "10.1.2.3", true },
		{ "::ffff:10.0.0.0/104", "11.1.2.3", false },
		{ "nonsense", "10.1.2.3", false },
		{ "10.0.0.0/8", "nonsense", false },
		{ "10.0.0.0/8", "", false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(row); i++)
		if (cidr_matches(row[i].cidr, row[i].address) != row[i].matches)
			fail_msg("%s in %s", row[i].address, row[i].cidr);
}

static void
what_is_not_of_the_public_internet_is_internal(void **state)
{
	static const struct {
		const char *address;
		bool internal;
	} row[] = {
		{ "8.8.8.8", false }, { "41.0.0.1", false }, { "1.0.0.0", false }, { "223.255.255.255", false },
		{ "2a00:1450:4009::200e", false }, { "2606:4700::1111", false },
		{ "0.0.0.0", true }, { "0.1.2.3", true }, { "10.0.0.1", true }, { "9.255.255.255", false }, { "11.0.0.0", false },
		{ "100.63.255.255", false }, { "100.64.0.0", true }, { "100.127.255.255", true }, { "100.128.0.0", false },
		{ "127.0.0.1", true }, { "127.255.255.254", true }, { "128.0.0.1", false }, { "169.254.169.254", true },
		{ "172.15.255.255", false }, { "172.16.0.0", true }, { "172.31.255.255", true }, { "172.32.0.0", false },
		{ "192.0.0.8", true }, { "192.0.1.1", false }, { "192.168.1.1", true }, { "192.169.0.0", false },
		{ "198.17.255.255", false }, { "198.18.0.1", true }, { "198.19.255.255", true }, { "198.20.0.0", false },
		{ "203.0.113.9", true }, { "224.0.0.1", true }, { "239.255.255.255", true }, { "240.0.0.1", true },
		{ "255.255.255.255", true }, { "::", true }, { "::1", true }, { "::ffff:127.0.0.1", true },
		{ "::ffff:8.8.8.8", false }, { "::7f00:1", true }, { "fc00::1", true }, { "fdff::1", true }, { "fe80::1", true },
		{ "fe80::1%lo", true }, { "fec0::1", true }, { "ff02::1", true }, { "64:ff9b::7f00:1", true },
		{ "2002:7f00:1::1", true }, { "2001::1", true }, { "2001:db8::1", true }, { "100::1", true }, { "", true },
		{ "localhost", true }, { "0177.0.0.1", true }, { "2130706433", true }, { "127.1", true },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(row); i++)
		if (cidr_is_internal(row[i].address) != row[i].internal)
			fail_msg("%s", row[i].address);
}

static void
odd_blocks_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x",
		"10.0.0.0/ 8", "10.0.0/8", "010.0.0.1/8", "::1/129", "::ffff:10.0.0.0/8",
		"localhost", "10.0.0.1:80",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc",
	};

	(void)state;
	for (size_t i = 0; i < NELEM(bad); i++)
		if (cidr_valid(bad[i]))
			fail_msg("\"%s\" was taken", bad[i]);
	assert_true(cidr_valid("10.0.0.0/8"));
	assert_true(cidr_valid("::1"));
}

static void
addresses_are_read(void **state)
{
	struct sockaddr_storage ss;
	socklen_t len;
	char err[128] = "";

	(void)state;
	assert_true(net_parse("127.0.0.1:8080", &ss, &len, err, sizeof err));
	assert_int_equal(ss.ss_family, AF_INET);
	assert_int_equal(net_port(&ss), 8080);
	assert_true(net_parse("[::1]:0", &ss, &len, err, sizeof err));
	assert_int_equal(ss.ss_family, AF_INET6);
	assert_int_equal(net_port(&ss), 0);
}

static void
address_errors_say_what_is_wrong(void **state)
{
	static const struct {
		const char *address, *says;
	} row[] = {
		{ "", "expected 127.0.0.1:8080" },
		{ "127.0.0.1", "expected 127.0.0.1:8080" },
		{ "::1:80", "expected 127.0.0.1:8080 or [::1]:8080" },
		{ "[::1]", "expected" },
		{ "[::1", "expected" },
		{ "127.0.0.1:", "\"\" is no port" },
		{ "127.0.0.1:http", "\"http\" is no port" },
		{ "127.0.0.1:65536", "\"65536\" is no port" },
		{ "127.0.0.1:-1", "\"-1\" is no port" },
		{ "localhost:80", "\"localhost\" is no numeric IPv4 address" },
		{ ":80", "\"\" is no numeric IPv4 address" },
		{ "[127.0.0.1]:80", "\"127.0.0.1\" is no numeric IPv6 address" },
	};
	struct sockaddr_storage ss;
	socklen_t len;

	(void)state;
	for (size_t i = 0; i < NELEM(row); i++) {
		char err[128] = "";

		if (net_parse(row[i].address, &ss, &len, err, sizeof err))
			fail_msg("\"%s\" was taken", row[i].address);
		if (strstr(err, row[i].says) == NULL)
			fail_msg("\"%s\": %s", row[i].address, err);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_match_by_their_bits),
		cmocka_unit_test(odd_blocks_are_refused),
		cmocka_unit_test(what_is_not_of_the_public_internet_is_internal),
		cmocka_unit_test(addresses_are_read),
		cmocka_unit_test(address_errors_say_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
