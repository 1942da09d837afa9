/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isango limit: what a phone has received in tokens this month (reads only), and the limits of all phones once more
 * (rebuild.h). Shows no whole number of a phone.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/command.h"
#include "cli/rebuild.h"
#include "core/calendar.h"
#include "core/money.h"

#define FIRST_MONTH 202001
#define LAST_MONTH 999912

/* ---- show ---- */

static void
print_id(const struct limit_entry *e)
{
	char hex[2 * LIMIT_ID + 1];

	str_hex(e->id, LIMIT_ID, hex);
	printf("%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static void
print_limit(const struct settings *s, const char *phone, const char *month, const struct limit *l)
{
	char masked[PHONE_TEXT], used[MONEY_TEXT], left[MONEY_TEXT], cap[MONEY_TEXT], cents[MONEY_TEXT], when[32];

	printf("%s, %s: %s used, %s left of %s\n", phone_mask(phone, masked), month, money_text(limit_used(l), used),
	    money_text(limit_left(l, s->limit_amount), left), money_text(s->limit_amount, cap));
	if (limit_count(l) == 0)
		return;
	printf("%-20s  %12s  %-10s  %s\n", "CREATED", "AMOUNT", "STATE", "INTENT");
	for (size_t i = 0; i < limit_count(l); i++) {
		const struct limit_entry *e = &l->entry[i];

		printf("%-20s  %12s  %-10s  ", e->created_s != 0 ? reader_time((int64_t)e->created_s * 1000, when) : "-",
		    money_text(e->cents, cents), limit_state_name(e));
		print_id(e);
		putchar('\n');
	}
}

static bool
show_phone(struct reader *r, const char *phone, int64_t wanted)
{
	struct store_key key = { .family = STORE_LIMIT };
	struct limit *l = xcalloc(1, sizeof *l);
	bool ok = false;

	if (wanted != 0)
		str_format(key.id, sizeof key.id, "%06" PRId64, wanted);
	else
		calendar_month(loop_wall(r->loop), key.id);
	str_copy(key.owner, sizeof key.owner, phone);
	if (reader_load(r, &key)) {
		ok = !r->damaged && (!r->present || limit_decode(r->value.p, r->value.len, l));
		if (ok)
			print_limit(r->settings, phone, key.id, l);
		else
			fprintf(stderr, "%s: the record is damaged, and this phone gets no token; `isango limit -c %s rebuild "
			    "--phone PHONE` mends it\n", r->command, r->file);
	}
	free(l);
	return ok;
}

static int
show(const char *file, const char *text, int64_t month)
{
	struct reader r;
	char phone[PHONE_MAX];
	bool ok = reader_settings(&r, "isango limit", file);

	if (ok && !phone_parse(text, r.settings->tenants[0].country, phone)) {
		fprintf(stderr, "isango limit: \"%s\" is no phone number\n", text);
		ok = false;
	}
	ok = ok && reader_open(&r) && show_phone(&r, phone, month);
	reader_close(&r);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- the command ---- */

static bool
parse_month(const char *text, int64_t *month)
{
	return str_to_i64(text, FIRST_MONTH, LAST_MONTH, month) && *month % 100 >= 1 && *month % 100 <= 12;
}

static int
run(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "month", required_argument, NULL, 'm' }, { "dry-run", no_argument, NULL, 'd' },
		{ "without", required_argument, NULL, 'w' }, { "phone", required_argument, NULL, 'p' }, { NULL, 0, NULL, 0 },
	};
	struct rebuild_wish wish = { .month = 0 };
	const char *file = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
		if (c == 'c')
			file = optarg;
		else if (c == 'd')
			wish.dry_run = true;
		else if (c == 'w' && wish.without_n < REBUILD_WITHOUT)
			wish.without[wish.without_n++] = optarg;
		else if (c == 'p')
			wish.phone = optarg;
		else if (c != 'm' || !parse_month(optarg, &wish.month))
			return COMMAND_USAGE;
	}
	if (file == NULL || optind >= argc)
		return COMMAND_USAGE;
	if (strcmp(argv[optind], "rebuild") == 0)
		return optind + 1 == argc ? rebuild_run(file, &wish) : COMMAND_USAGE;
	if (strcmp(argv[optind], "show") == 0)
		optind++;
	if (optind + 1 != argc || wish.dry_run || wish.without_n > 0 || wish.phone != NULL)
		return COMMAND_USAGE;
	return show(file, argv[optind], wish.month);
}

const struct command command_limit = {
	.name = "limit",
	.usage = "-c FILE [show] PHONE [--month YYYYMM] | -c FILE rebuild [--phone PHONE] [--month YYYYMM] [--dry-run] "
	    "[--without TENANT]...",
	.summary = "show what a phone has received in tokens, or rebuild all limits",
	.help =
	    "Works on the Redis that FILE names, while gateways work on it.\n"
	    "\n"
	    "  show PHONE      what counts for this phone this month: amount, state and id of each intent, and what is\n"
	    "                  left. Changes nothing and does not print the whole number\n"
	    "  rebuild         the limits of all phones of this and the last month, from the intents in Redis and from\n"
	    "                  what the wallet cores say of each withdrawal. Then it opens the limits again, if they\n"
	    "                  were closed since Redis failed over. Cut short, it can be begun anew at any time\n"
	    "  --phone PHONE   rebuilds this phone's limits alone, from its payments, those to it, and their wallets: for\n"
	    "                  one that is damaged. What cannot be read is kept under another key. Opens nothing\n"
	    "  --month YYYYMM  of this month alone; rebuild opens nothing then\n"
	    "  --dry-run       says what it would change\n"
	    "  --without NAME  does not ask the wallet core of this tenant, which is away: its tokens count as the records\n"
	    "                  here have them, and one that was lost is not seen\n",
	.run = run,
};
