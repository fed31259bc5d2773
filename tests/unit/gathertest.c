/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gathertest - see gathertest.h.
 */
#include "tests/unit/gathertest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/foldertest.h"

void
run_paths(struct run *r, const char *const *paths, size_t n, bool dereference)
{
	size_t i;

	memset(r, 0, sizeof(*r));
	for (i = 0; i < n; i++) {
		r->components[i].path = strdup(paths[i]);
		assert_non_null(r->components[i].path);
	}
	r->handoff.components = r->components;
	r->handoff.n_components = n;
	r->st = gather(&r->handoff, folder, dereference, &r->findings, &r->out,
	    &r->d);
	assert_int_equal(r->st, r->findings.worst);
	assert_true((r->out != NULL) == (r->st == ST_OK));
	assert_true((r->d.text[0] != '\0') == (r->st != ST_OK));
}

void
run(struct run *r, const char *path, bool dereference)
{
	run_paths(r, &path, 1, dereference);
}

void
run_free(struct run *r)
{
	size_t i;

	for (i = 0; i < r->handoff.n_components; i++)
		free(r->components[i].path);
	gathered_free(r->out);
	findings_free(&r->findings);
}

void
expect_tree(const struct run *r, const char *expected)
{
	struct bytes b = { 0 };
	size_t i;

	if (r->st != ST_OK)
		fail_msg("status %d: %s: %s", (int)r->st,
		    r->findings.items[0].volume, r->findings.items[0].text);
	for (i = 0; i < r->out->n_directories; i++)
		bytes_printf(&b, "%s/\n", r->out->directories[i]);
	for (i = 0; i < r->out->n_files; i++)
		bytes_printf(&b, "%s %d%s\n", r->out->files[i].path,
		    (int)r->out->files[i].size,
		    r->out->files[i].executable ? " x" : "");
	bytes_append(&b, "", 1);
	assert_string_equal((const char *)b.data, expected);
	bytes_free(&b);
}

void
expect_refused(const struct run *r, enum status st, const char *expected)
{
	struct bytes b = { 0 };
	size_t i;

	for (i = 0; i < r->findings.n; i++)
		bytes_printf(&b, "%s %s\n", r->findings.items[i].rule,
		    r->findings.items[i].volume);
	bytes_append(&b, "", 1);
	assert_string_equal((const char *)b.data, expected);
	assert_int_equal(r->st, st);
	bytes_free(&b);
}
