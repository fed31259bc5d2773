/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_path - any bytes as a path, a name, a free text and a title.  What is
 * accepted must fold, fold again to the same, and have a tar header.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "manifests/caps.h"
#include "manifests/path.h"
#include "manifests/tarspell.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_legal(const char *path, size_t len)
{
	static const char *const dots = "..";
	const char *pair[2] = { path, NULL };
	uint8_t header[TAR_HEADER_MAX];
	char *key, *again;
	struct diag d = DIAG_INIT;
	size_t a, b;

	if (len == 0 || len > CAP_PATH || strlen(path) != len || path[0] == '/' ||
	    strstr(path, "//") != NULL || strcmp(path, dots) == 0 ||
	    strstr(path, "/../") != NULL || strncmp(path, "../", 3) == 0 ||
	    path[len - 1] == '/' || strpbrk(path, "\\:\n\r%") != NULL)
		abort();
	if ((key = path_fold(path)) == NULL || (again = path_fold(key)) == NULL)
		abort();
	if (strcmp(key, again) != 0)
		abort();
	pair[1] = key;
	if (paths_collide(pair, 2, &a, &b, &d) != ST_OK || a != 0 || b != 1)
		abort();
	if (tar_spell(header, path, false, UINT64_MAX, true, 0) !=
	    tar_spell_len(path, false, UINT64_MAX) ||
	    tar_spell(header, path, true, 0, false, 0) !=
	    tar_spell_len(path, true, 0))
		abort();
	free(key);
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = malloc(size + 1);
	const char *half;

	if (s == NULL)
		return 0;
	memcpy(s, data, size);
	s[size] = '\0';
	if (path_check(s, size) == NULL)
		try_legal(s, size);
	if (path_check_name(s, size) == NULL &&
	    (path_check(s, size) != NULL || s[0] == '.' || s[0] == '-'))
		abort();
	/* Whatever is one component of a path is a free text, too. */
	if (path_check(s, size) == NULL && strchr(s, '/') == NULL &&
	    text_check(s, size) != NULL)
		abort();
	if (title_check(s) == NULL && (strlen(s) > CAP_TITLE ||
	    (title_tells(s, s) != (strpbrk(s,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != NULL))))
		abort();
	/* A title, and a word that it may tell: the two halves. */
	half = s + size / 2;
	(void)title_tells(half, s);
	(void)title_is_verdict(s);
	free(s);
	return 0;
}
