/* SPDX-License-Identifier: Apache-2.0 */
#include "config/file.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define CHUNK 4096

struct file_names {
	char **name;
	size_t n;
};

static bool
read_all(int fd, size_t max, struct buf *out)
{
	char chunk[CHUNK];
	size_t before = out->len;
	ssize_t n;

	while ((n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (out->len - before + (size_t)n > max) {
			errno = EFBIG;
			return false;
		}
		buf_add(out, chunk, (size_t)n);
	}
	mem_wipe(chunk, sizeof chunk);
	return true;
}

/* The file, open, and what it is; -1 with errno set. A pipe or device could block for ever. */
static int
open_regular(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -1;
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

bool
file_read(const char *path, size_t max, struct buf *out)
{
	struct stat st;
	int fd = open_regular(path, &st), saved;
	bool ok;

	if (fd < 0)
		return false;
	ok = read_all(fd, max, out);
	saved = errno;
	close(fd);
	errno = saved;
	return ok;
}

bool
file_read_secret(const char *path, size_t max, struct buf *out, char *why, size_t why_size)
{
	struct stat st;
	int fd = open_regular(path, &st);
	bool ok = false;

	if (fd < 0) {
		snprintf(why, why_size, "%s cannot be read: %s", path,
		    errno == EINVAL ? "not a regular file" : strerror(errno));
		return false;
	}
	if (st.st_mode & (S_IROTH | S_IWOTH))
		snprintf(why, why_size,
		    "%s is a secret that everybody on this machine can %s: chmod o-rw it", path,
		    st.st_mode & S_IROTH ? "read" : "write");
	else if (!read_all(fd, max, out))
		snprintf(why, why_size, "%s cannot be read: %s", path, strerror(errno));
	else
		ok = true;
	close(fd);
	return ok;
}

bool
file_beside(const char *file, const char *name, char *out, size_t size)
{
	const char *slash = strrchr(file, '/');

	if (name[0] == '/' || slash == NULL)
		return str_copy(out, size, name);
	return str_format(out, size, "%.*s%s", (int)(slash + 1 - file), file, name);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct file_names *
file_list(const char *folder, const char *suffix)
{
	struct file_names *names;
	struct dirent *entry;
	DIR *dir = opendir(folder);

	if (dir == NULL)
		return NULL;
	names = xcalloc(1, sizeof *names);
	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name), tail = strlen(suffix);

		if (entry->d_name[0] == '.' || len <= tail || strcmp(entry->d_name + len - tail,
		    suffix) != 0)
			continue;
		names->name = xrealloc(names->name, names->n + 1, sizeof *names->name);
		names->name[names->n++] = xstrdup(entry->d_name);
	}
	closedir(dir);
	if (names->n > 0)
		qsort(names->name, names->n, sizeof *names->name, by_name);
	return names;
}

size_t
file_names_n(const struct file_names *names)
{
	return names->n;
}

const char *
file_names_get(const struct file_names *names, size_t i)
{
	return names->name[i];
}

void
file_names_free(struct file_names *names)
{
	if (names == NULL)
		return;
	for (size_t i = 0; i < names->n; i++)
		free(names->name[i]);
	free(names->name);
	free(names);
}
