/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in Redis for a record: its version in clear, which the script compares, and the sealed rest, bound to the
 * key's name and the version.
 */
#pragma once
#include "base/mem.h"
#include "service/ports.h"
#include "store/seal.h"

#define VALUE_OVERHEAD (STORE_VERSION + SEAL_OVERHEAD)

/* Room for values in clear or sealed: grows, is never given back, and is wiped before it moves. */
struct room {
	unsigned char *p;
	size_t size;
};
unsigned char *room_of(struct room *r, size_t n);
void room_clear(struct room *r);

/* The record of a PUT as VALUE_OVERHEAD + op->len octets. */
void value_close(const struct seal *seal, const char *name, size_t name_len, const struct store_op *op,
    unsigned char *out);
/* The version, and len - VALUE_OVERHEAD octets in out. False: damaged; the version is there if anything is. */
bool value_open(const struct seal *seal, const char *name, size_t name_len, const char *p, size_t len,
    struct store_version *version, unsigned char *out) MUST_CHECK;
