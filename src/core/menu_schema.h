/* SPDX-License-Identifier: Apache-2.0 */
/* What a menu file may hold as a JSON Schema, for editors. What only the whole menu shows is not in it. */
#pragma once
#include "base/buf.h"

void menu_schema(struct buf *out);
