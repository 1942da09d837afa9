/* SPDX-License-Identifier: Apache-2.0 */
/* Files that a person wrote, read whole at start: never used while serving except for a reload. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/mem.h"

/*
 * Adds the whole file to `out`; false with errno set (EFBIG: more than `max` octets, EINVAL: not a
 * regular file).
 */
bool file_read(const char *path, size_t max, struct buf *out) MUST_CHECK;
/*
 * The same for a secret: `why` gets the problem in words, also when everybody on the machine may
 * read or write it.
 */
bool file_read_secret(const char *path, size_t max, struct buf *out, char *why,
    size_t why_size) MUST_CHECK;
/*
 * `name` as seen from the folder of `file`: absolute ones stay as they are. false when it does not
 * fit.
 */
bool file_beside(const char *file, const char *name, char *out, size_t size) MUST_CHECK;
/* Names in the folder that end in `suffix`, sorted, without hidden ones. NULL with errno set. */
struct file_names *file_list(const char *folder, const char *suffix);
size_t file_names_n(const struct file_names *names);
const char *file_names_get(const struct file_names *names, size_t i);
void file_names_free(struct file_names *names);
