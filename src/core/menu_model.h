/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A menu as the engine walks it. Made once by menu_load.c and never changed afterwards; strings are
 * borrowed from the document, which the menu keeps. States refer to each other by index. Internal
 * to menu_*.c.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "core/calls.h"
#include "core/jsondoc.h"
#include "core/menu.h"
#include "core/menu_keys.h"

#define MENU_OPTIONS 97		/* 98 asks for more */
#define MENU_VALUE 256		/* octets of an accepted input */
#define MENU_WORDS 16
#define MENU_STATES 4000	/* of all files of a menu */
#define MENU_INCLUDES 200

struct menu_set {
	const char *var;
	const char *value;		/* set: a text with placeholders; when: what it must be */
};

struct menu_edge {
	const char *name;		/* outcome or value; NULL for go and else */
	int to;				/* index of a state, -1 while it is not known */
	const char *target;		/* its full name */
	const char *say;		/* text key of a line on top of the next screen, or NULL */
	struct menu_set *set;
	int set_n;
	const json_t *at;
};

struct menu_option {
	const char *text;
	struct menu_edge edge;
	struct menu_set *when;		/* shown only if all hold */
	int when_n;
};

struct accept_row;

struct menu_accept {
	const struct accept_row *row;
	bool has_min, has_max, has_step;
	int64_t min, max, step;		/* cents of money; characters of digits and text */
	const char *of;			/* variable to compare with */
	const char *word[MENU_WORDS];	/* of choice; of a document the one that it is to be */
	int words;
};

enum confirm_edge {
	ON_ACCEPTED, ON_DECLINED, ON_LOCKED, ON_FAILED, ON_BUSY, ON_LAPSED, CONFIRM_EDGES
};
extern const char *const confirm_edge_names[CONFIRM_EDGES];

/* A file, as it is read at one place: the names in a part are its own. */
struct menu_scope {
	const struct menu_scope *outer;	/* of the file that includes it; NULL: a menu */
	const char *name;		/* its prefix in full, without the dot: "private"; "" of a menu */
	const char *file;		/* in the bundle */
	const char *start;		/* of a part: full name of the state to which the prefix leads */
	const json_t *root;
	const json_t *exits;		/* exit -> state of `outer`; of a part */
	const json_t *at;		/* the include */
	bool inherited;			/* from a menu that the loaded one extends */
};

struct menu_state {
	const char *name;		/* in full, prefix and all */
	const json_t *at;
	const struct menu_scope *scope;
	enum menu_kind kind;
	const char *text;		/* text key of the title, question or end */
	struct menu_set *set;		/* on entering */
	int set_n;
	struct menu_edge *edge;		/* call: as its outcomes; confirm: by confirm_edge */
	int edge_n;
	struct menu_edge go;		/* ask, choose from a list; branch: else */
	struct menu_option *option;
	int option_n;
	const char *list;		/* choose: variable of the list, or NULL */
	const char *item;		/* text key of an item */
	const char *as;
	const char *resume;
	struct menu_accept accept;
	const struct call_row *call;
	const char *intent;
	const char *variable;		/* branch */
};

struct menu {
	struct jsondoc *doc;
	const char *name;
	char version[BUNDLE_VERSION];
	struct menu_state *state;
	int state_n;
	int start, home;
	int resume_s;			/* -1: it says nothing of it */
	const char *home_name;
	struct map *index;		/* name -> struct menu_state; a part's prefix -> its start */
	struct menu_scope **scope;	/* ours */
	size_t scope_n;
	char **kept;			/* names made here; ours */
	size_t kept_n;
	const json_t **root;		/* of its file, and those of the menus that it extends, the nearest first */
	size_t root_n;
	const char **lost;		/* ours: prefixes of parts that could not be read, which was said */
	size_t lost_n;
	bool lost_base;			/* the same of the menu that it extends */
};

static inline const struct menu_state *
menu_find(const struct menu *m, const char *name, size_t n)
{
	return map_get(m->index, name, n);
}

/* Nobody can know whether there is such a state: it would be in a file that could not be read. */
bool menu_is_lost(const struct menu *m, const char *state);
/* What stands under this key of the root: in the menu's own file, or else in the one that it extends; or NULL. */
const json_t *menu_root(const struct menu *m, const char *key);

/* One state as it stands in a file (menu_files.c). */
struct menu_source {
	const char *name;		/* in full */
	const json_t *at;
	const struct menu_scope *scope;
};

/* A menu file being read; helpers of menu_load.c. */
struct menu_reading {
	struct menu *m;
	struct buf *problems;
	const struct bundle *files;
	struct map *docs;		/* name in the bundle -> root */
	struct menu_source *source;
	size_t source_n;
	struct map *sources;		/* full name -> index of its source, from 1 */
	const struct menu_scope *scope;	/* of the state that is read */
};
#define PROBLEM(l, at, ...) jsondoc_problem((l)->m->doc, at, (l)->problems, __VA_ARGS__)
void menu_unknown(struct menu_reading *l, const json_t *at, const char *what, const char *word,
    const char *const *known, size_t n);
/* Each key of the object is one of `known`. */
void menu_known(struct menu_reading *l, const json_t *object, const char *what,
    const char *const *known, size_t n);
/* A string shorter than `size`, or NULL after saying so. */
const char *menu_word(struct menu_reading *l, const json_t *v, const json_t *owner,
    const char *key, size_t size);

/* Reads the file and all that it includes and extends: m->doc, m->root and the sources. */
void menu_gather(struct menu_reading *l, const char *file);
/* The full name of the state that `scope` calls so; NULL of an exit that is bound to nothing, which has been said. */
const char *menu_in_scope(struct menu_reading *l, const struct menu_scope *scope, const char *name);

/* A list that the engine itself fills: the tenant's languages, fields `id` and `name`. */
#define MENU_LANGUAGES "languages"

/* Checks of what is typed (menu_accept.c). */
enum accept_arg { ARG_MONEY = 1, ARG_COUNT = 2, ARG_OF = 4, ARG_WORDS = 8, ARG_LENGTH = 16, ARG_DOCUMENT = 32 };
struct accept_row {
	const char *name;
	unsigned args;			/* of accept_arg */
	bool secret;			/* goes with the call that follows, never into a variable */
	bool of_needed;
	bool as_needed;
	/*
	 * NULL when accepted: `value` for the variable `as` is set. Else the text key of the
	 * reason.
	 */
	const char *(*run)(const struct menu_accept *a, const char *typed, struct vars *vars,
	    const struct menu_env *env, char value[MENU_VALUE]);
	const char *reasons[5];		/* every key that run may return */
};
#define ACCEPT_ARGS 5
extern const struct accept_row accept_rows[];
extern const size_t accept_rows_n;
const struct accept_row *accept_find(const char *name);
/* How many arguments it may have, and their names. */
size_t accept_args(const struct accept_row *row, const char *names[ACCEPT_ARGS]);
/* Reads {"check": {arguments}}; `out` can be walked even after a mistake. */
void accept_read(struct menu_reading *l, const json_t *v, const json_t *owner,
    struct menu_accept *out);
/* It wants a picture or a file of a chat, and nothing that can be typed. */
bool accept_is_document(const struct menu_accept *a);
/* What is typed as a PIN has the form of one. */
bool accept_pin_form(const char *typed, const struct menu_env *env);

/* One page of the screen of a state (menu_screen.c). A page beyond the last is the last. */
struct screen {
	char *text;			/* MENU_SCREEN octets, in a chat CHAT_SCREEN; NULL: only the rest is wanted */
	int page;			/* that was laid out */
	bool more;			/* pages follow */
	int items;			/* options or items on this page and those before it */
	bool lost;			/* some of it found no room at all, on whatever page */
};
void screen_lay(const struct menu_state *s, const struct dialogue *dlg, const struct menu_env *env,
    int page, struct screen *out);
/* The variables of item i (from 1) of the state's list, without the list's name. */
void screen_item_vars(const struct menu_state *s, int i, const struct dialogue *dlg,
    const struct menu_env *env, struct vars *out);
/* The i-th option (from 1) of those that are not hidden, or NULL. */
const struct menu_option *screen_option(const struct menu_state *s, int i, const struct vars *vars);
/* The text of a key, or the key itself where no language has it. */
const char *screen_text(const struct dialogue *dlg, const struct menu_env *env, const char *key);
/* How texts are filled in the language of the dialogue. */
struct texts_env screen_env(const struct dialogue *dlg, const struct menu_env *env);

/* What only the whole menu shows: targets, reachability, PINs, texts (menu_check.c). */
void menu_check(struct menu *m, const struct texts *texts, const char (*languages)[8],
    int languages_n, struct buf *problems);
/* The engine can go every way, whatever else may be wrong. */
bool menu_can_be_walked(const struct menu *m);
