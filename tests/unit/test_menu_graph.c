/* SPDX-License-Identifier: Apache-2.0 */
/* A picture has each screen once, with its text, and nothing in it that dot would stumble over. */
#include "tests/unit/menu_player.h"

#include "core/menu_graph.h"

static int
count(const char *in, const char *what)
{
	int n = 0;

	for (; (in = strstr(in, what)) != NULL; in += strlen(what))
		n++;
	return n;
}

static void
draw(const struct player *p, struct buf *out)
{
	buf_reset(out);
	menu_graph(p->menu, p->texts, "en", out);
	assert_true(str_starts(buf_str(out), "digraph menu {\n"));
	assert_string_equal(buf_str(out) + out->len - 2, "}\n");
	assert_int_equal(count(buf_str(out), "{\n"), count(buf_str(out), "}\n"));
}

static void
assert_has(const struct buf *out, const char *what)
{
	if (strstr(buf_str(out), what) == NULL)
		fail_msg("lacks %s in:\n%s", what, buf_str(out));
}

static void
test_shipped(void **state)
{
	struct buf out = { 0 };
	struct player p;
	char box[80];

	(void)state;
	player_shipped(&p);
	draw(&p, &out);
	for (int i = 0; i < p.menu->state_n; i++) {
		str_format(box, sizeof box, "\n  s%d [", i);
		assert_int_equal(count(buf_str(&out), box), 1);
		str_format(box, sizeof box, "label=<<B>%s</B>", p.menu->state[i].name);
		assert_int_equal(count(buf_str(&out), box), 1);
	}
	assert_has(&out, "label=<<B>send.to</B><BR ALIGN=\"LEFT\"/>Send money to which phone<BR ALIGN=\"LEFT\"/>number?<BR");
	assert_has(&out, "1. Balance<BR ALIGN=\"LEFT\"/>2. Send money<BR");
	assert_has(&out, "label=<private (part menus/parts/pin.json)>;");
	assert_has(&out, "label=<cash>;");
	assert_has(&out, "label=<step, small, large, short>");
	/* An apology to which many lead is named where it is reached. */
	assert_has(&out, "label=<<I>sorry</I>>");
	player_clear(&p);
	buf_clear(&out);
}

/* Names and texts are anybody's. */
static void
test_escapes(void **state)
{
	static const char text[] = "{ \"q\": \"<b>\\\"A\\\" & B</b>\\nsecond\" }";
	struct buf out = { 0 };
	struct player p;

	(void)state;
	player_open(&p, "'start': { 'choose': 'q', 'options': [ { 'text': 'nothing', 'go': 'a<b' } ] }, 'a<b': { 'end': 'e' }");
	player_texts(p.texts, "en", "en.json", text, strlen(text));
	draw(&p, &out);
	assert_has(&out, "&lt;b&gt;&quot;A&quot; &amp; B&lt;/b&gt;<BR ALIGN=\"LEFT\"/>second<BR");
	assert_has(&out, "1. nothing<BR");
	assert_has(&out, "<B>a&lt;b</B>");
	assert_null(strstr(buf_str(&out), "a<b"));
	player_clear(&p);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
