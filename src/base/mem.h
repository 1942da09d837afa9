/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation for our own structures: running out is fatal, sizes from outside are checked before. */
#pragma once
#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define NELEM(a) (sizeof(a) / sizeof((a)[0]))

void *xcalloc(size_t n, size_t size) MUST_CHECK;
void *xrealloc(void *p, size_t n, size_t size) MUST_CHECK;
char *xstrdup(const char *s) MUST_CHECK;
char *xstrndup(const char *s, size_t n) MUST_CHECK;
/* Overwrites in a way that the compiler may not drop. For PINs, passwords and tokens. */
void mem_wipe(void *p, size_t n);
