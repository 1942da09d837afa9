/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: etc/isango.json and one file per tenant, read through the table of options
 * into struct settings. Every mistake is found in one run and said as "file:line: problem". Menus
 * and texts are content.h's.
 */
#pragma once
#include "base/buf.h"
#include "base/mem.h"
#include "core/settings.h"

/* Owned by the caller, for settings_free(). NULL when anything was added to `problems`. */
struct settings *config_load(const char *file, struct buf *problems) MUST_CHECK;
/*
 * The same, but what could be read comes back even then: for looking at menus and texts all the
 * same, never for serving. NULL only when the file itself cannot be understood.
 */
struct settings *config_read(const char *file, struct buf *problems) MUST_CHECK;
/* Wipes the secrets; NULL is fine. */
void settings_free(struct settings *s);
