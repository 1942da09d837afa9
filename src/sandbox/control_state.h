/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What GET /control/state says: everything that a test may want to hold against the gateway. It
 * shows tokens.
 */
#pragma once
#include <jansson.h>

struct box;

json_t *control_state(struct box *x);
json_t *control_switches(const struct box *x);
