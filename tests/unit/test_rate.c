/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/metric.h"
#include "channels/rate.h"

#define NOW INT64_C(5000000)
#define PHONE "27821234567"

static struct channel_settings channels[3];
static struct integrator_settings integrators[2];
static struct tenant_settings tenants[2];
static struct settings settings;
static struct rates *rates;

static int
setup(void **state)
{
	(void)state;
	memset(channels, 0, sizeof channels);
	memset(integrators, 0, sizeof integrators);
	memset(tenants, 0, sizeof tenants);
	channels[2].tenant = 1;			/* 0 and 1 are of tenant 0 */
	tenants[0].integrators = integrators;
	tenants[0].integrators_n = 2;
	settings = (struct settings){ .channels = channels, .channels_n = 3, .tenants = tenants, .tenants_n = 2,
		.http_phone_per_minute = 6, .http_phones_max = 100 };
	rates = rates_new(&settings);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rates_free(rates);
	assert_int_equal(metric_get(M_RATE_PHONES), 0);
	return 0;
}

static int
allowed(int64_t now, int channel, const char *phone, int tries)
{
	int n = 0, retry_s;

	for (int i = 0; i < tries; i++)
		n += rates_allow(rates, now, channel, phone, &retry_s);
	return n;
}

static void
a_phone_has_its_own_count_at_each_tenant(void **state)
{
	int64_t refused = metric_get(M_RATE_PHONE);
	int retry_s;

	(void)state;
	assert_int_equal(allowed(NOW, 0, PHONE, 4), 4);
	assert_int_equal(allowed(NOW, 1, PHONE, 9), 2);		/* the same tenant, by another channel */
	assert_int_equal(allowed(NOW, 2, PHONE, 9), 6);
	assert_int_equal(allowed(NOW, 0, "27821234568", 9), 6);
	assert_int_equal(metric_get(M_RATE_PHONE) - refused, 7 + 3 + 3);
	assert_false(rates_allow(rates, NOW + 1, 0, PHONE, &retry_s));
	assert_int_equal(retry_s, 10);
	assert_false(rates_allow(rates, NOW + 9500, 0, PHONE, &retry_s));
	assert_int_equal(retry_s, 1);
	assert_true(rates_allow(rates, NOW + 10000, 0, PHONE, &retry_s));
	assert_int_equal(retry_s, 0);
}

static void
what_nobody_sends_counts_for_the_channel_alone(void **state)
{
	(void)state;
	channels[0].requests_per_s = 20;
	assert_int_equal(allowed(NOW, 0, NULL, 15), 15);
	assert_int_equal(allowed(NOW, 0, "", 15), 5);
	assert_int_equal(rates_phones(rates), 0);
	assert_int_equal(allowed(NOW, 1, NULL, 1000), 1000);
}

static void
a_refusal_takes_nothing_from_the_others(void **state)
{
	int64_t of_channel = metric_get(M_RATE_CHANNEL), of_tenant = metric_get(M_RATE_TENANT);

	(void)state;
	channels[0].requests_per_s = 10;
	tenants[0].requests_per_s = 12;
	settings.http_phone_per_minute = 5;
	assert_int_equal(allowed(NOW, 0, PHONE, 100), 5);
	assert_int_equal(allowed(NOW, 0, NULL, 100), 5);	/* 10 of the channel */
	assert_int_equal(metric_get(M_RATE_CHANNEL) - of_channel, 95);
	assert_int_equal(allowed(NOW, 1, NULL, 100), 2);	/* 12 of the tenant */
	assert_int_equal(metric_get(M_RATE_TENANT) - of_tenant, 98);
	assert_int_equal(allowed(NOW, 2, NULL, 100), 100);	/* the other tenant notices nothing */
	assert_int_equal(allowed(NOW + 1000, 0, NULL, 100), 10);
}

static void
phones_are_bounded_and_the_oldest_goes(void **state)
{
	int64_t dropped = metric_get(M_RATE_PHONES_DROPPED);
	char phone[16];

	(void)state;
	assert_int_equal(allowed(NOW, 0, PHONE, 6), 6);
	for (int i = 0; i < 5000; i++) {
		snprintf(phone, sizeof phone, "2783%07d", i);
		assert_int_equal(allowed(NOW, 0, phone, 1), 1);
		if (i % 50 == 0)		/* one that is heard again is not the oldest */
			assert_int_equal(allowed(NOW, 0, PHONE, 1), 0);
	}
	assert_int_equal(rates_phones(rates), 100);
	assert_int_equal(metric_get(M_RATE_PHONES), 100);
	assert_true(metric_get(M_RATE_PHONES_DROPPED) - dropped >= 4900);
	assert_int_equal(allowed(NOW, 0, PHONE, 1), 0);
	/* Those whose count says nothing any more are no loss. */
	dropped = metric_get(M_RATE_PHONES_DROPPED);
	for (int i = 0; i < 100; i++) {
		snprintf(phone, sizeof phone, "2784%07d", i);
		assert_int_equal(allowed(NOW + 600000, 0, phone, 1), 1);
	}
	assert_int_equal(metric_get(M_RATE_PHONES_DROPPED), dropped);
}

static void
none_is_no_limit_and_no_memory(void **state)
{
	(void)state;
	settings.http_phone_per_minute = 0;
	assert_int_equal(allowed(NOW, 0, PHONE, 5000), 5000);
	assert_int_equal(rates_phones(rates), 0);
}

static void
long_names_are_cut_and_not_forgotten(void **state)
{
	char name[400];

	(void)state;
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_int_equal(allowed(NOW, 0, name, 10), 6);
}

static void
integrators_count_for_themselves(void **state)
{
	int64_t refused = metric_get(M_RATE_INTEGRATOR);
	int n = 0, retry_s;

	(void)state;
	integrators[0].requests_per_s = 3;
	for (int i = 0; i < 10; i++)
		n += rates_allow_integrator(rates, NOW, 0, 0, &retry_s);
	assert_int_equal(n, 3);
	assert_int_equal(retry_s, 1);
	assert_int_equal(metric_get(M_RATE_INTEGRATOR) - refused, 7);
	for (int i = 0; i < 10; i++)
		assert_true(rates_allow_integrator(rates, NOW, 0, 1, &retry_s));
	assert_int_equal(allowed(NOW, 0, PHONE, 3), 3);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_phone_has_its_own_count_at_each_tenant),
		TEST(what_nobody_sends_counts_for_the_channel_alone),
		TEST(a_refusal_takes_nothing_from_the_others),
		TEST(phones_are_bounded_and_the_oldest_goes),
		TEST(none_is_no_limit_and_no_memory),
		TEST(long_names_are_cut_and_not_forgotten),
		TEST(integrators_count_for_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
