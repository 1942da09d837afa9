/* SPDX-License-Identifier: Apache-2.0 */
/* JSON for people: members as lines, lists of objects as tables. */
#pragma once
#include <jansson.h>

#include "base/buf.h"

/* `j`: an object. Control characters are shown as '?'. */
void json_table_print(const json_t *j, struct buf *out);
