/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what INFO answers: lines of name:value. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* The whole number that the value begins with; -1 if there is none. */
int64_t redis_info_number(const char *info, const char *name);
bool redis_info_is(const char *info, const char *name, const char *value);
