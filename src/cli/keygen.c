/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isango keygen: a key for sealing_key_file or pin_key_file, or a new one in front of those that a
 * file holds already; the token of an operator or the key of an integrator with its SHA-256.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/buf.h"
#include "base/str.h"
#include "cli/command.h"
#include "config/file.h"

#define KEY_OCTETS 32
#define KEY_IDS 256
#define KEY_FILE_MAX 4096

/*
 * The smallest number that no line of the file has; -1 when there is none left or a line is no key.
 */
static int
free_id(const char *text)
{
	bool taken[KEY_IDS] = { false };
	char number[4];
	int64_t id;

	for (const char *p = text; *p != '\0'; p += strcspn(p, "\n"), p += *p == '\n') {
		if (*p == '#' || *p == '\n')
			continue;
		if (!str_copyn(number, sizeof number, p, strcspn(p, " \n")) || !str_to_i64(number,
		    0, KEY_IDS - 1, &id))
			return -1;
		taken[id] = true;
	}
	for (int i = 1; i < KEY_IDS; i++)
		if (!taken[i])
			return i;
	return -1;
}

static void
add_key(struct buf *out, int id)
{
	unsigned char key[KEY_OCTETS];
	char hex[2 * KEY_OCTETS + 1];

	randombytes_buf(key, sizeof key);
	str_hex(key, sizeof key, hex);
	buf_addf(out, "%d %s\n", id, hex);
	mem_wipe(key, sizeof key);
	mem_wipe(hex, sizeof hex);
}

static bool
write_all(int fd, const struct buf *b)
{
	size_t done = 0;

	while (done < b->len) {
		ssize_t n = write(fd, b->p + done, b->len - done);

		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return fsync(fd) == 0;
}

/*
 * The whole file or nothing of it: losing a key loses what it sealed. An old file's owner and mode
 * stay.
 */
static bool
replace_file(const char *path, const struct stat *old, const struct buf *text)
{
	char temporary[512];
	int fd, saved;
	bool ok;

	if (!str_format(temporary, sizeof temporary, "%s.new", path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	ok = write_all(fd, text) && (old == NULL ||
	    (fchown(fd, old->st_uid, old->st_gid) == 0 && fchmod(fd, old->st_mode & 0660) == 0));
	ok = close(fd) == 0 && ok && rename(temporary, path) == 0;
	saved = errno;
	if (!ok)
		unlink(temporary);
	errno = saved;
	return ok;
}

static int
add_to_file(const char *path, int wanted)
{
	struct buf old = { 0 }, text = { 0 };
	struct stat st;
	bool exists = stat(path, &st) == 0, ok = !exists || file_read(path, KEY_FILE_MAX, &old);
	int id = !ok ? -1 : wanted > 0 && !exists ? wanted : free_id(buf_str(&old));

	if (wanted > 0 && exists) {
		fprintf(stderr, "isango keygen: %s is there already; a key with a number of its own gets a new file\n",
		    path);
		buf_clear(&old);
		return EXIT_FAILURE;
	}

	if (ok && id < 0) {
		fprintf(stderr, "isango keygen: %s holds something else than keys\n", path);
	} else if (ok) {
		add_key(&text, id);
		buf_add(&text, buf_str(&old), old.len);
		ok = replace_file(path, exists ? &st : NULL, &text);
	}
	if (!ok)
		fprintf(stderr, "isango keygen: %s: %s\n", path, strerror(errno));
	buf_clear(&old);
	buf_clear(&text);
	return ok && id > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A token that its owner keeps, and in FILE.sha256 what the gateway's configuration names. */
static int
make_token(const char *path)
{
	unsigned char key[KEY_OCTETS], hash[crypto_hash_sha256_BYTES];
	char hex[2 * KEY_OCTETS + 1], beside[512];
	struct buf token = { 0 }, sha256 = { 0 };
	struct stat st;
	bool ok = str_format(beside, sizeof beside, "%s.sha256", path);

	randombytes_buf(key, sizeof key);
	str_hex(key, sizeof key, hex);
	buf_addf(&token, "%s\n", hex);
	crypto_hash_sha256(hash, (const unsigned char *)hex, strlen(hex));
	str_hex(hash, sizeof hash, hex);
	buf_addf(&sha256, "%s\n", hex);
	if (!ok)
		errno = ENAMETOOLONG;
	else if ((ok = stat(path, &st) != 0))
		ok = replace_file(beside, NULL, &sha256) && replace_file(path, NULL, &token);
	else
		errno = EEXIST;
	if (!ok)
		fprintf(stderr, "isango keygen: %s: %s\n", path, strerror(errno));
	mem_wipe(key, sizeof key);
	mem_wipe(token.p, token.len);
	buf_clear(&token);
	buf_clear(&sha256);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
run(int argc, char **argv)
{
	struct buf text = { 0 };
	bool token = argc == 3 && strcmp(argv[1], "--token") == 0;
	int64_t number = 0;

	if (!token && (argc > 3 || (argc >= 2 && argv[1][0] == '-') ||
	    (argc == 3 && !str_to_i64(argv[2], 1, KEY_IDS - 1, &number))))
		return COMMAND_USAGE;
	if (token && argv[2][0] == '-')
		return COMMAND_USAGE;
	if (sodium_init() < 0) {
		fprintf(stderr, "isango keygen: no random numbers to be had\n");
		return EXIT_FAILURE;
	}
	if (token)
		return make_token(argv[2]);
	if (argc >= 2)
		return add_to_file(argv[1], (int)number);
	add_key(&text, 1);
	fputs(buf_str(&text), stdout);
	buf_clear(&text);
	return EXIT_SUCCESS;
}

const struct command command_keygen = {
	.name = "keygen",
	.usage = "[FILE [NUMBER] | --token FILE]",
	.summary = "make a key or a token",
	.help =
	    "Prints a new key, or puts it into FILE, which only its owner can read. In a FILE "
	    "that holds keys\n"
	    "already the new one comes first: it seals from then on, the others still open what "
	    "they sealed.\n"
	    "For sealing_key_file, and for pin_key_file, which takes one key only. The next key for PINs gets a\n"
	    "FILE of its own, with a NUMBER that no other one has: see pin_keys in isango.conf(5).\n"
	    "\n"
	    "  --token FILE  a new token in FILE, for an operator, and its SHA-256 in FILE.sha256, for\n"
	    "                token_sha256_file. The key of an integrator is made the same way\n",
	.run = run,
};
