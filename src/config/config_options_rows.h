/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files config_options*.c only: how a row is written, and the groups that have a file of their own. */
#pragma once
#include "base/mem.h"
#include "config/config_options.h"

#define IN(s, m) .at = offsetof(struct s, m), .room = sizeof(((struct s *)0)->m)
#define COUNT(s, m) .count = offsetof(struct s, m)
#define ALSO(s, m) .also = offsetof(struct s, m)
#define ITEMS(s, m) .at = offsetof(struct s, m), .room = sizeof(((struct s *)0)->m[0])
#define TEXT(s, m, least) IN(s, m), .min = (least), .max = (int64_t)sizeof(((struct s *)0)->m) - 1
#define RANGE(a, b) .min = (a), .max = (b)
#define GROUP(where, rows, ...) \
	{ .path = (where), .options = (rows), .n = NELEM(rows), __VA_ARGS__ }
#define INLINE .present = SIZE_MAX
#define KIND(k) (1u << (k))

#define REQUIRED NULL
#define OPTIONAL ""

extern const struct option_group options_bind;		/* binds[] */
extern const struct option_group options_channel;	/* tenant.channels[] */
extern const struct option_group options_whatsapp;	/* tenant.channels[].whatsapp */
extern const struct option_group options_tenant;	/* a file of a tenant */

/* The words of enum channel_kind, and NULL. */
extern const char *const options_channel_kinds[CHANNEL_WHATSAPP + 2];
