/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over files, where there is no libFuzzer: `fuzz_x FILE...`. A file named *.hex
 * holds hex digits. `fuzz_x -s DIR FILE...` writes the octets into DIR instead, as seeds for
 * libFuzzer.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define INPUT_MAX (1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned char input[INPUT_MAX];

static size_t
read_input(const char *path)
{
	size_t n, dot = strlen(path) > 4 ? strlen(path) - 4 : 0;
	unsigned char *octets;
	FILE *f = fopen(path, "rb");

	if (f == NULL) {
		perror(path);
		exit(2);
	}
	n = fread(input, 1, sizeof input, f);
	fclose(f);
	if (strcmp(path + dot, ".hex") != 0)
		return n;
	while (n > 0 && input[n - 1] <= ' ')
		n--;
	octets = malloc(n / 2 + 1);
	if (octets == NULL || !str_unhex((const char *)input, n, octets, n / 2)) {
		fprintf(stderr, "%s: not hex digits\n", path);
		exit(2);
	}
	memcpy(input, octets, n / 2);
	free(octets);
	return n / 2;
}

static void
write_seed(const char *dir, const char *path, size_t n)
{
	const char *slash = strrchr(path, '/');
	char name[1024];
	FILE *f;

	if (!str_format(name, sizeof name, "%s/%s", dir, slash != NULL ? slash + 1 : path) ||
	    (f = fopen(name, "wb")) == NULL || fwrite(input, 1, n, f) != n || fclose(f) != 0) {
		fprintf(stderr, "%s: cannot be written\n", name);
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	const char *dir = argc > 2 && strcmp(argv[1], "-s") == 0 ? argv[2] : NULL;
	int first = dir != NULL ? 3 : 1;

	for (int i = first; i < argc; i++) {
		size_t n = read_input(argv[i]);
		uint8_t *exact;

		if (dir != NULL) {
			write_seed(dir, argv[i], n);
			continue;
		}
		/* In memory of exactly its size, so that a sanitizer sees one octet too many. */
		exact = malloc(n > 0 ? n : 1);
		if (exact == NULL)
			return 2;
		memcpy(exact, input, n);
		LLVMFuzzerTestOneInput(exact, n);
		free(exact);
	}
	printf("%d inputs\n", argc - first);
	return 0;
}
