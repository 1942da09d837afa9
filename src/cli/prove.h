/* SPDX-License-Identifier: Apache-2.0 */
/* What `isango check` and `isango publish` ask of content that could be loaded: that all of it is proven right. */
#pragma once
#include "config/content.h"
#include "core/menu_prove.h"

/* config: path, for commands that are printed; NULL: none are. */
struct prove_env prove_env_of(const struct settings *s, int tenant, const struct tenant_content *c, const char *config);
/* Each problem as "file:line: problem\n"; false when there are some. A menu that could not be walked has none here. */
bool prove_content(const struct settings *s, int tenant, const struct tenant_content *c, const char *config,
    struct buf *problems) MUST_CHECK;
