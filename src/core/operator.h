/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operators may do: one table of acts, from which the HTTP paths, the commands, the checks and the manual are
 * made. An operator has a name, a set of roles and a scope of tenants; each act is at one tenant. Pure: who the caller
 * is was found out before, what an act does is service/operator*.c.
 *
 * An order is a JSON object: {"phone":"27821234567","reason":"..."}. Its members are the arguments of the act's row and
 * `reason`; others are refused.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/phone.h"

#define OPERATOR_NAME 48
#define OPERATOR_TENANTS 32
#define OPERATOR_REASON 201		/* 200 octets and NUL */
#define OPERATOR_REASON_LEAST 5
#define OPERATOR_INTENT 40
#define OPERATOR_ARGS 2

enum operator_role { ROLE_LOOK = 1, ROLE_ACT = 2, ROLE_APPROVE = 4 };

struct operator {
	char name[OPERATOR_NAME];	/* the one in the audit; two persons never share one */
	int roles;			/* ROLE_… */
	bool all_tenants;
	int tenants[OPERATOR_TENANTS];	/* else these: indexes into settings.tenants */
	int tenants_n;
};

enum operator_what {
	ACT_PERSONS, ACT_PHONE, ACT_REQUESTS, ACT_AUDIT,
	ACT_RESOLVE, ACT_APPROVE, ACT_REJECT,
	ACT_UNLOCK, ACT_FREEZE, ACT_UNFREEZE, ACT_RESEND, ACT_CANCEL, ACT_OPT_OUT, ACT_OPT_IN,
	ACT_SET_ASIDE,
	OPERATOR_ACTS
};
enum operator_arg_kind {
	OPARG_PHONE,		/* text, in any usual form of a number */
	OPARG_INTENT,		/* text: the id that persons and phone show */
	OPARG_REQUEST,		/* number of a request */
	OPARG_OUTCOME,		/* text: done or not_done */
	OPARG_COUNT,		/* number, 1 to 200 */
	OPARG_FLAG		/* true or false */
};
struct operator_arg {
	const char *name;		/* NULL: no such argument */
	enum operator_arg_kind kind;
	bool optional;
};
struct operator_act {
	const char *name;		/* in a path and as a command */
	int roles;			/* any of these ROLE_… may do it */
	bool changes;			/* something: HTTP takes it by POST only */
	bool reason;			/* is required; else it may be given where something changes */
	bool second;			/* takes effect when another operator with the role approve approves */
	bool noted;			/* in the audit, before anything is done or shown */
	struct operator_arg arg[OPERATOR_ARGS];
	const char *help;
};
extern const struct operator_act operator_acts[OPERATOR_ACTS];

const struct operator_act *operator_act_find(const char *name);	/* NULL: none */
const char *operator_role_name(enum operator_role r);		/* "look", "act", "approve" */
void operator_act_roles(const struct operator_act *a, char *out, size_t size);	/* "look or approve": any of these */
const char *operator_arg_kind_name(enum operator_arg_kind k);	/* for help: "PHONE" */
bool operator_may(const struct operator *o, const struct operator_act *a);
bool operator_sees(const struct operator *o, int tenant);

struct operator_order {
	enum operator_what what;
	char phone[PHONE_MAX];		/* canonical, or "" */
	char intent[OPERATOR_INTENT];
	int64_t request;		/* 0: not given */
	bool done;			/* OPARG_OUTCOME */
	int64_t count;			/* 0: not given */
	bool flag;
	char reason[OPERATOR_REASON];
};
/* false with a sentence for the operator in `problem`. `country` completes national numbers. An empty body is {}. */
bool operator_order_parse(const struct operator_act *a, const char *json, size_t len, const char *country,
    struct operator_order *out, char *problem, size_t size) MUST_CHECK;
/*
 * The order of a command line: value[i] is the text of argument i, NULL where it was left out. Checks no more than that
 * numbers are numbers.
 */
bool operator_order_print(const struct operator_act *a, const char *const value[OPERATOR_ARGS], const char *reason,
    struct buf *json, char *problem, size_t size) MUST_CHECK;
