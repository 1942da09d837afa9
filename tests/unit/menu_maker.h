/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random menus for property tests and benchmarks: a home with features of the shipped kinds and small mazes of screens,
 * some edges of which lead somewhere else than they should. The same seed makes the same menu. What it shows are keys
 * of maker_texts.
 */
#pragma once
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

#define MAKER_NAMES 1200

struct maker {
	struct buf json;		/* the menu */
	uint32_t seed;
	int stray;			/* of a thousand edges */
	char name[MAKER_NAMES][24];	/* of states that strays may lead to */
	int names;
};

/* The texts of every made menu, with ' for ". */
static const char maker_texts[] =
    "{ 'language.name': 'English', 'nav.back': '0 Back 00 Menu', 'nav.more': '98 More',\n"
    "'error.choice': 'Choose', 'error.pin': 'A PIN has {pin_length} digits.', 'error.pin_wrong': 'Left: "
    "{tries_left}',\n"
    "'error.pin_weak': 'Too easy', 'error.pin_differs': 'Differs', 'error.internal': 'INTERNAL',\n"
    "'resume.offer': 'Go on?', 'resume.yes': 'Yes', 'resume.no': 'No',\n"
    "'error.session_lost': 'Lost', 'error.call_help': 'Call {help_phone}', 'error.sim_changed': '{sim_until:date}',\n"
    "'error.young': '{young_cap:money}', 'error.phone': 'No phone', 'error.phone_differs': 'Differs',\n"
    "'error.money': 'No amount', 'error.money_small': 'Least {min:money}', 'error.money_large': 'Most {max:money}',\n"
    "'error.money_step': 'Steps of {step:money}', 'error.name': 'No name', 'error.digits': '{min} to {max} digits',\n"
    "'error.digits_exact': '{max} digits',\n"
    "'error.code': 'Wrong', 'home': '{title}', 'open': 'Open', 'left': 'Left', 'right': 'Right', 'on': 'On',\n"
    "'ask': 'Which?', 'sorry': 'Sorry, call {help_phone}', 'bye': 'Bye', 'nick.ask': 'Your name?',\n"
    "'nick.show': 'Hello {nick}', 'nick.say': 'So, {nick}:', 'maze': 'Where now?', 'dead': 'That is all',\n"
    "'balance': 'You have {balance:money}, {pending_total:money} pending', 'tx': 'Choose', \n"
    "'tx.item': '{at:date} {sign}{amount:money}', 'tx.one': '{tx_at:date} {tx_sign}{tx_amount:money}',\n"
    "'amount': 'How much for {to_name}?', 'pay': '{amount:money} + {fee:money} to {to_name} {to:phone}. PIN:',\n"
    "'again': 'You sent {amount:money} at {repeat_at:time}. Again?', 'paid': 'Sent {amount:money} to {to_name}',\n"
    "'notice.done': 'Paid at {notice_at:time}', 'notice.checking': 'Checking', 'locked': 'Until {locked_until:time}',\n"
    "'kind': 'Where?', 'kind.item': '{name}', 'cash.amount': '{kind_name}: how much?',\n"
    "'cash': '{amount:money} + {fee:money} to {to_phone:phone}. PIN:', 'cash.done': '{amount:money} to "
    "{to_phone:phone}',\n"
    "'cash.left': 'Only {left:money}', 'cash.other': 'Not for that phone', 'later': 'Later' }";

static inline uint32_t
maker_roll(struct maker *k, uint32_t n)
{
	k->seed ^= k->seed << 13;
	k->seed ^= k->seed >> 17;
	k->seed ^= k->seed << 5;
	return k->seed % n;
}

/* Where an edge leads: as it should, or astray. */
static inline void
maker_target(struct maker *k, const char *name)
{
	bool stray = k->names > 0 && (int)maker_roll(k, 1000) < k->stray;

	buf_add_str(&k->json, stray ? k->name[maker_roll(k, (uint32_t)k->names)] : name);
}

/* Of a template: ' is ", # the feature's number, >name' where an edge leads; a state begins its line. */
static inline void
maker_add(struct maker *k, int feature, const char *template)
{
	for (const char *at = template; *at != '\0'; at++) {
		if (*at == '#') {
			buf_addf(&k->json, "%d", feature);
		} else if (*at == '\'') {
			buf_add_char(&k->json, '"');
		} else if (*at != '>') {
			buf_add_char(&k->json, *at);
		} else {
			char name[64] = "";
			size_t n = strcspn(++at, "'#");

			if (at[n] == '#')
				str_format(name, sizeof name, "%.*s%d", (int)n, at, feature);
			else
				str_copyn(name, sizeof name, at, n);
			at += n - (at[n] == '#' ? 0 : 1);
			maker_target(k, name);
		}
	}
}

static inline void
maker_may_stray_to(struct maker *k, const char *prefix, int feature)
{
	if (k->names < MAKER_NAMES)
		str_format(k->name[k->names++], sizeof k->name[0], "%s%d", prefix, feature);
}

/* The PIN, once a dialogue, before what is private. */
static inline void
maker_gate(struct maker *k, int feature)
{
	maker_add(k, feature, "'gate#': { 'branch': 'authed', 'on': { '1': '>private#' }, 'else': '>pin#' },\n"
	    "'pin#': { 'ask': 'ask', 'accept': { 'pin': {} }, 'go': 'check#' },\n"
	    "'check#': { 'call': 'pin.check', 'on': { 'ok': '>private#', 'wrong': { 'go': 'pin#', 'say': "
	    "'error.pin_wrong' },\n"
	    "'locked': 'locked', 'failed': '>sorry' } },\n");
	maker_may_stray_to(k, "private", feature);
}

static inline void
maker_balance(struct maker *k, int feature)
{
	maker_gate(k, feature);
	maker_add(k, feature, "'f#': { 'choose': 'maze', 'options': [ { 'text': 'on', 'go': '>gate#' } ] },\n"
	    "'private#': { 'call': 'balance', 'on': { 'done': '>show#', 'failed': '>sorry' } },\n"
	    "'show#': { 'branch': 'pending_total', 'on': { '0': '>balance#', '': '>balance#' }, 'else': '>balance#' "
	    "},\n"
	    "'balance#': { 'choose': 'balance', 'options': [ { 'text': 'open', 'go': '>home' } ] },\n");
	maker_may_stray_to(k, "balance", feature);
}

static inline void
maker_statement(struct maker *k, int feature)
{
	maker_gate(k, feature);
	maker_add(k, feature, "'f#': { 'choose': 'maze', 'options': [ { 'text': 'on', 'go': '>gate#' },\n"
	    "{ 'text': 'left', 'go': '>home' } ] },\n"
	    "'private#': { 'call': 'statement', 'on': { 'done': '>list#', 'empty': '>bye', 'failed': '>sorry' } },\n"
	    "'list#': { 'choose': 'tx', 'list': 'tx', 'text': 'tx.item', 'go': { 'go': '>one#', 'set': {\n"
	    "'tx_at': '{at}', 'tx_amount': '{amount}', 'tx_sign': '{sign}' } } },\n"
	    "'one#': { 'choose': 'tx.one', 'options': [ { 'text': 'on', 'go': '>list#' } ] },\n");
	maker_may_stray_to(k, "list", feature);
	maker_may_stray_to(k, "one", feature);
}

static inline void
maker_send(struct maker *k, int feature)
{
	maker_add(k, feature, "'f#': { 'ask': 'ask', 'as': 'to', 'accept': { 'phone': {} }, 'go': '>find#' },\n"
	    "'find#': { 'call': 'send.find', 'on': { 'found': '>amount#', 'not_found': '>f#', 'self': '>f#', "
	    "'barred': '>f#',\n"
	    "'too_many': '>bye', 'failed': '>sorry' } },\n"
	    "'amount#': { 'ask': 'amount', 'as': 'amount', 'accept': { 'money': { 'min': '1.00', 'max': '5000.00' } "
	    "},\n"
	    "'go': '>verify#' },\n"
	    "'verify#': { 'call': 'send.check', 'on': { 'ok': '>sure#', 'repeat': '>again#', 'short': '>amount#',\n"
	    "'refused': '>bye', 'busy': '>bye', 'failed': '>sorry' } },\n"
	    "'again#': { 'choose': 'again', 'options': [ { 'text': 'on', 'go': '>sure#' }, { 'text': 'left', 'go': "
	    "'>home' } ] },\n"
	    "'sure#': { 'confirm': 'pay', 'intent': 'transfer', 'pin': true, 'accepted': 'do#', 'declined': '>home',\n"
	    "'locked': 'locked', 'failed': '>sorry', 'busy': '>bye', 'lapsed': '>bye' },\n"
	    "'do#': { 'call': 'transfer', 'on': { 'done': '>paid#', 'refused': '>bye', 'later': '>later' } },\n"
	    "'paid#': { 'end': 'paid' },\n");
	maker_may_stray_to(k, "amount", feature);
	maker_may_stray_to(k, "sure", feature);
	maker_may_stray_to(k, "paid", feature);
}

static inline void
maker_cash(struct maker *k, int feature)
{
	maker_add(k, feature, "'f#': { 'call': 'cash.kinds', 'on': { 'done': '>kind#', 'none': '>bye', 'closed': '>bye', 'busy': '>bye',\n"
	    "'off': '>bye' } },\n"
	    "'kind#': { 'choose': 'kind', 'list': 'kind', 'text': 'kind.item', 'go': { 'go': '>who#', 'set': {\n"
	    "'type': '{type}', 'kind_name': '{name}' } } },\n"
	    "'who#': { 'choose': 'maze', 'options': [\n"
	    "{ 'text': 'left', 'go': '>cash#', 'set': { 'to_phone': '{phone}', 'other': '' } },\n"
	    "{ 'text': 'right', 'go': '>to#', 'set': { 'other': '1' } } ] },\n"
	    "'to#': { 'ask': 'ask', 'as': 'to_phone', 'accept': { 'phone': {} }, 'go': '>cash#' },\n"
	    "'cash#': { 'ask': 'cash.amount', 'as': 'amount', 'accept': { 'money': {} }, 'go': '>test#' },\n"
	    "'test#': { 'call': 'cash.check', 'on': { 'ok': '>out#', 'repeat': '>out#',\n"
	    "'step': { 'go': '>cash#', 'say': 'error.money_step' }, 'small': '>cash#', 'large': '>cash#', 'short': "
	    "'>cash#',\n"
	    "'capped': '>bye', 'closed': '>bye', 'busy': '>bye', 'failed': '>sorry' } },\n"
	    "'out#': { 'confirm': 'cash', 'intent': 'withdrawal', 'pin': true, 'accepted': 'make#', 'declined': "
	    "'>home',\n"
	    "'locked': 'locked', 'failed': '>sorry', 'busy': '>bye', 'lapsed': '>bye' },\n"
	    "'make#': { 'call': 'withdrawal', 'on': { 'done': '>made#', 'limit': '>over#', 'refused': '>bye',\n"
	    "'later': '>later' } },\n"
	    "'over#': { 'branch': 'other', 'on': { '1': '>not#' }, 'else': '>own#' },\n"
	    "'not#': { 'end': 'cash.other' }, 'own#': { 'end': 'cash.left' }, 'made#': { 'end': 'cash.done' },\n");
	maker_may_stray_to(k, "cash", feature);
	maker_may_stray_to(k, "test", feature);
	maker_may_stray_to(k, "made", feature);
}

/* Screens that lead to each other in any way, some of which need what only one of them asks for. */
static inline void
maker_maze(struct maker *k, int feature)
{
	static const char *const rooms[] = {
		"{ 'choose': 'maze', 'options': [ { 'text': 'left', 'go': '%s', 'set': { 'way': 'left' } },\n"
		"{ 'text': 'right', 'go': '%s', 'set': { 'way': 'right' } } ] }",
		"{ 'ask': 'nick.ask', 'as': 'nick', 'accept': { 'name': {} }, 'go': { 'go': '%s', 'say': 'nick.say' } "
		    "}",
		"{ 'branch': 'way', 'on': { 'left': '%s', 'right': '%s' }, 'else': 'home' }",
		"{ 'choose': 'nick.show', 'resume': 'home', 'options': [ { 'text': 'on', 'go': '%s' },\n"
		"{ 'text': 'left', 'go': '%s', 'when': { 'way': 'left' } } ] }",
	};
	int n = 2 + (int)maker_roll(k, 5), doors;

	buf_addf(&k->json, "\"f%d\": { \"ask\": \"nick.ask\", \"as\": \"nick\", \"accept\": { \"name\": {} }, "
	    "\"go\": \"room%d.0\" },\n", feature, feature);
	for (int i = 0; i < n; i++) {
		const char *room = rooms[maker_roll(k, NELEM(rooms))];

		doors = 0;
		buf_addf(&k->json, "\"room%d.%d\": ", feature, i);
		for (; *room != '\0'; room++) {
			bool target = strncmp(room, "%s", 2) == 0;

			if (target && i + 1 < n && doors++ == 0)
				buf_addf(&k->json, "room%d.%d", feature, i + 1);
			else if (target && maker_roll(k, 2) > 0)
				buf_addf(&k->json, "room%d.%u", feature, maker_roll(k, (uint32_t)n));
			else if (target)
				buf_add_str(&k->json, "bye");
			else
				buf_add_char(&k->json, *room == '\'' ? '"' : *room);
			room += target;
		}
		buf_add_str(&k->json, ",\n");
	}
}

/* A menu of so many features; of a thousand edges `stray` lead somewhere else. The json is the caller's. */
static inline void
maker_menu(struct maker *k, uint32_t seed, int features, int stray)
{
	static void (*const make[])(struct maker *, int) = {
		maker_balance, maker_statement, maker_send, maker_cash, maker_maze
	};

	memset(k, 0, sizeof *k);
	k->seed = seed * UINT32_C(2654435761) | 1;
	k->stray = stray;
	maker_add(k, 0, "{ 'menu': 'made', 'start': 'find', 'home': 'home', 'states': {\n"
	    "'find': { 'call': 'customer.find', 'on': { 'found': 'notice', 'no_pin': 'sorry', 'not_found': 'sorry',\n"
	    "'barred': 'sorry', 'failed': 'sorry' } },\n"
	    "'notice': { 'branch': 'notice', 'on': { 'done': { 'go': 'home', 'say': 'notice.done' },\n"
	    "'checking': { 'go': 'home', 'say': 'notice.checking' } }, 'else': 'home' },\n"
	    "'sorry': { 'end': 'sorry' }, 'bye': { 'end': 'bye' }, 'later': { 'end': 'later' }, 'locked': { 'end': "
	    "'locked' },\n");
	for (int i = 0; i < features; i++)
		make[i > 0 ? maker_roll(k, NELEM(make)) : 0](k, i);	/* a PIN is always asked for */
	maker_add(k, 0, "'home': { 'choose': 'home', 'options': [\n");
	for (int i = 0; i < features; i++)
		maker_add(k, i, "{ 'text': 'o#', 'go': 'f#' },\n");
	maker_add(k, 0, "{ 'text': 'on', 'go': 'bye' }, { 'text': 'left', 'go': 'later' }, { 'text': 'right', 'go': "
	    "'end' } ] },\n"
	    "'end': { 'end': 'dead' } } }\n");
}

/* The texts with a name for each option of home, as JSON; the caller's. */
static inline void
maker_all_texts(struct buf *out, int features)
{
	buf_add_str(out, maker_texts);
	out->len -= 2;
	for (int i = 0; i < features; i++)
		buf_addf(out, ",\n'o%d': 'Item %c%d'", i, 'A' + i % 26, i);
	buf_add_str(out, " }");
	for (size_t i = 0; i < out->len; i++)
		if (out->p[i] == '\'')
			out->p[i] = '"';
}
