/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variables of a dialogue: name to value, both text, packed as "name\0value\0" in one fixed
 * array so that a dialogue is one flat record. Numbers (cents, times, ids) are decimal text. Lists
 * are "pending.1.amount" with their length in "pending.n"; items count from 1.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

#define VARS_SIZE 6144	/* what the shipped menus may need is proven to fit: core/menu_size.c */
#define VARS_NAME 48

struct vars {
	uint32_t len;
	char p[VARS_SIZE];
};

/* "" if unset; valid until the next change. */
const char *vars_get(const struct vars *v, const char *name);
int64_t vars_get_i64(const struct vars *v, const char *name);	/* 0 if unset or not a number */
bool vars_has(const struct vars *v, const char *name);
/*
 * Setting "" unsets. false: full, or the name is too long; then the old value is gone. Both may
 * point into v.
 */
bool vars_set(struct vars *v, const char *name, const char *value);
bool vars_set_i64(struct vars *v, const char *name, int64_t value);
void vars_unset(struct vars *v, const char *name);
/* Unsets `name` itself and everything that begins with "name.". */
void vars_unset_list(struct vars *v, const char *name);
/* "list.i.field" */
const char *vars_item(const struct vars *v, const char *list, int i, const char *field);
bool vars_set_item(struct vars *v, const char *list, int i, const char *field, const char *value);
/* A packed run from a record is well formed. */
bool vars_valid(const struct vars *v);
