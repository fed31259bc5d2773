/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lfs - recognising Git LFS pointers by their first line, which no real weight
 * or data file begins with.  What follows that line is only shown.
 */
#include "pack/lfs.h"

#include <string.h>

/* The names of the format: today's, and the one before its first release. */
static const char *const first_lines[] = {
	"version https://git-lfs.github.com/spec/v1",
	"version https://hawser.github.com/spec/v1",
};

/* Cut off a line, its end included; CR before LF does not belong to it. */
static bool
next_line(const char **p, size_t *left, const char **line, size_t *len)
{
	const char *end;

	if (*left == 0)
		return false;
	*line = *p;
	end = memchr(*p, '\n', *left);
	*len = end != NULL ? (size_t)(end - *p) : *left;
	*p += *len + (end != NULL);
	*left -= *len + (end != NULL);
	if (*len > 0 && (*line)[*len - 1] == '\r')
		(*len)--;
	return true;
}

static bool
is_first_line(const char *line, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(first_lines) / sizeof(first_lines[0]); i++)
		if (len == strlen(first_lines[i]) &&
		    memcmp(line, first_lines[i], len) == 0)
			return true;
	return false;
}

/* The value of a line "key value", escaped, if it is one. */
static void
take_value(const char *line, size_t len, const char *key, char *out, size_t cap)
{
	size_t n = strlen(key);

	if (len > n && memcmp(line, key, n) == 0)
		text_escape(out, cap, line + n, len - n);
}

enum status
lfs_check(const uint8_t *buf, size_t len, struct diag *d)
{
	const char *p = (const char *)buf, *line;
	char oid[100] = "unknown", size[40] = "unknown";
	size_t n;

	if (len >= LFS_POINTER_MAX || !next_line(&p, &len, &line, &n) ||
	    !is_first_line(line, n))
		return ST_OK;
	while (next_line(&p, &len, &line, &n)) {
		take_value(line, n, "oid ", oid, sizeof(oid));
		take_value(line, n, "size ", size, sizeof(size));
	}
	diag_set(d, ST_REFUSED, "lfs-pointer", "a Git LFS pointer, not the file "
	    "itself (oid %s, size %s)", oid, size);
	diag_hint(d, "fetch the real file: git lfs pull, in the repository that "
	    "it came from; or leave it out with exclude");
	return ST_REFUSED;
}
