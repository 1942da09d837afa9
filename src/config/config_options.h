/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of configuration options: the one place that knows their names, types, defaults, ranges
 * and help. Reading, checking, `isango check --options` and the manual's list (compared by a test)
 * all come from it.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/settings.h"

enum option_type {
	OPTION_TEXT,		/* min to max octets; one of `words` where there are some */
	OPTION_NAME,		/* letters, digits, '-', '_' and '.' */
	OPTION_CODE,		/* a service code: "*120*384#" */
	OPTION_ADDRESS,		/* host:port, numeric */
	OPTION_URL,		/* of HTTP */
	OPTION_REDIS,		/* the URL of a Redis */
	OPTION_ZONE,		/* a time zone of this machine */
	OPTION_FOLDER,		/* beside the file that names it */
	OPTION_FILE,		/* beside it too, and readable */
	OPTION_INT,
	OPTION_ID,		/* a whole number in an int64_t */
	OPTION_MONEY,		/* cents, written "50.00" */
	OPTION_BOOL,
	OPTION_WORD,		/* the index into `words`; "" there stands for no word */
	OPTION_FLAGS,		/* a list of words: bit 0 is the first one */
	OPTION_NATURALS,	/* a list of ints from 0 to 65535, or texts "0x81"; their number in `count` */
	OPTION_SPAN,		/* two ints, the first not above the second */
	OPTION_NAMES,
	OPTION_TEXTS,		/* a list of strings, their number in `count` */
	OPTION_CODES,
	OPTION_NUMBERS,		/* addresses that customers can write to: digits */
	OPTION_NETS,
	OPTION_HOSTS,		/* names, addresses and blocks of addresses */
	OPTION_IDS,
	OPTION_SECRET,		/* a file that holds a text of min to max octets */
	OPTION_KEYS,		/* a file of sealing keys; ids in `also` */
	OPTION_KEY,		/* a file of one key; its id in `also` */
	OPTION_HASH,		/* a file of 64 hex digits */
	OPTION_STATUS,		/* of SMPP: a whole number, or "0x45"; in a uint32_t */
	OPTION_BIND,		/* the name of a bind: its index */
	OPTION_ROUTE,		/* names of channels of this tenant: their indexes */
	OPTION_GROUP,		/* an object whose options are members of the same struct */
	OPTION_LIST,		/* a list of objects, each a struct of its own */
	OPTION_TENANTS		/* a folder of files, each one object */
};

/* Lists of objects: where a new one goes and what must hold within it. */
enum option_list { LIST_NONE, LIST_BINDS, LIST_TENANTS, LIST_CHANNELS, LIST_KINDS,
    LIST_INTEGRATORS, LIST_STATUSES, LIST_PIN_KEYS, LIST_OPERATORS, LIST_TEMPLATES };

struct option_group;

struct option {
	const char *name;
	enum option_type type;
	const char *fallback;		/* the default; NULL: must be given; "": may be left out */
	int64_t min, max;		/* of the number, of a text's octets, of a list's items */
	size_t at, room;		/* member of the group's struct */
	size_t count, also;		/* further members, see the types */
	const char *const *words;	/* ends with NULL */
	const struct option_group *group;
	unsigned only, needed;		/* of a channel: the kinds (1 << kind) that know it,
	    and that must have it */
	bool reloadable;
	const char *help;		/* sentences */
};

struct option_group {
	const char *path;		/* of its options, for people: "binds[]." */
	const struct option *options;
	size_t n;
	enum option_list list;
	size_t size;			/* of the struct, for lists */
	size_t present;			/* GROUP: offset of a bool that says it was given,
	    or SIZE_MAX */
};

extern const struct option_group options_root;
extern const struct option_group options_ussd;		/* of a bind: what is left out is that of the dialect */

/* The kinds of cash-out of a tenant that names none. */
extern const struct kind_settings options_kinds[];
extern const size_t options_kinds_n;

/* What a value must be, in words: "a whole number from 1 to 16". */
void option_expects(const struct option *o, struct buf *out);
/* Type, default, range, whether SIGHUP reloads it, and the help, as one paragraph. */
void option_describe(const struct option *o, struct buf *out);
/* Every row, in the table's order. */
void options_each(void (*fn)(void *arg, const struct option_group *g, const struct option *o),
    void *arg);
