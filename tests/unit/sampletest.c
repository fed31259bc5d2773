/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sampletest - reading sample files, and the table of the hostile ones.
 */
#include "tests/unit/sampletest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const char *
sampletest_data(const char *path)
{
	static char full[4096];
	const char *data = getenv("SATCHEL_DATA");

	if (data == NULL)
		skip();
	snprintf(full, sizeof(full), "%s/%s", data, path);
	return full;
}

void
sampletest_read(const char *path, struct bytes *out)
{
	uint8_t buf[65536];
	FILE *f = fopen(path, "rb");
	size_t n;

	memset(out, 0, sizeof(*out));
	if (f == NULL)
		fail_msg("%s cannot be opened", path);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		bytes_append(out, buf, n);
	fclose(f);
	assert_false(out->failed);
}

void
sampletest_open(struct window *w, struct window_memory *m, const struct bytes *b)
{
	m->data = b->data;
	m->len = b->len;
	window_open_memory(w, m);
}

size_t
sampletest_hostile(const char *folder, sampletest_fn *fn)
{
	char line[1024], name[256], expected[32], path[512];
	size_t n = 0, len = strlen(folder);
	struct bytes b;
	FILE *f;

	f = fopen(sampletest_data("hostile/INDEX.tsv"), "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%255[^\t]\t%31s", name, expected) != 2 ||
		    strncmp(name, folder, len) != 0 || name[len] != '/')
			continue;
		snprintf(path, sizeof(path), "hostile/%s", name);
		sampletest_read(sampletest_data(path), &b);
		fn(name + len + 1, expected, &b);
		bytes_free(&b);
		n++;
	}
	fclose(f);
	return n;
}
