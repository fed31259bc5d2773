/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * components - what must hold between the components of one handoff: names,
 * paths, needs.  Each field by itself was checked when it was read.
 */
#include "manifests/fields.h"

#include <stdlib.h>
#include <string.h>

#include "manifests/path.h"

bool
path_below(const char *a, const char *b)
{
	size_t n = strlen(a);

	return strncmp(a, b, n) == 0 && (b[n] == '\0' || b[n] == '/');
}

/* The slash goes before all that a name can hold. */
static int
tree_rank(char c)
{
	return c == '/' ? 1 : (unsigned char)c;
}

int
path_tree_compare(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return tree_rank(*a) - tree_rank(*b);
}

static int
compare_names(const void *a, const void *b, void *arg)
{
	const struct component *c = arg;

	return strcmp(c[*(const size_t *)a].name, c[*(const size_t *)b].name);
}

static int
compare_paths(const void *a, const void *b, void *arg)
{
	const struct component *c = arg;

	return path_tree_compare(c[*(const size_t *)a].path,
	    c[*(const size_t *)b].path);
}

/* Positions of n components, for sorting. */
static void
number(size_t *order, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		order[i] = i;
}

/* No two strings of the components that are equal under folding. */
static enum status
check_folded(const struct component *c, size_t n, bool names, const char **strings,
    size_t *at, struct diag *d)
{
	enum status st;
	size_t i, a, b;

	for (i = 0; i < n; i++)
		strings[i] = names ? c[i].name : c[i].path;
	if ((st = paths_collide(strings, n, &a, &b, d)) != ST_OK || a == n)
		return st;
	*at = b;
	if (names)
		return diag_set(d, ST_MALFORMED, "component-name",
		    "the names %s and %s are the same, or differ in case alone",
		    ESC(strings[a]), ESC(strings[b]));
	return diag_set(d, ST_MALFORMED, "component-overlap",
	    "the paths %s and %s are the same, or differ in case alone",
	    ESC(strings[a]), ESC(strings[b]));
}

static enum status
check_overlap(const struct component *c, size_t n, size_t *order, size_t *at,
    struct diag *d)
{
	const char *a, *b;
	size_t i;

	number(order, n);
	qsort_r(order, n, sizeof(*order), compare_paths, (void *)(uintptr_t)c);
	for (i = 0; i + 1 < n; i++) {
		a = c[order[i]].path;
		b = c[order[i + 1]].path;
		if (!path_below(a, b))
			continue;
		*at = order[i + 1];
		return diag_set(d, ST_MALFORMED, "component-overlap",
		    "the path %s lies below %s, another component's", ESC(b), ESC(a));
	}
	return ST_OK;
}

/* The position of the component with that name, or n. */
static size_t
find(const struct component *c, size_t n, const size_t *order, const char *name)
{
	size_t low = 0, high = n, mid;
	int cmp;

	while (low < high) {
		mid = low + (high - low) / 2;
		if ((cmp = strcmp(c[order[mid]].name, name)) == 0)
			return order[mid];
		if (cmp < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return n;
}

static enum status
check_needs(const struct component *c, size_t n, size_t *order, size_t *at,
    struct diag *d)
{
	const char *need;
	size_t i, j, k;

	number(order, n);
	qsort_r(order, n, sizeof(*order), compare_names, (void *)(uintptr_t)c);
	for (i = 0; i < n; i++) {
		for (j = 0; j < c[i].needs.n; j++) {
			need = c[i].needs.items[j];
			if ((k = find(c, n, order, need)) != n && k != i)
				continue;
			*at = i;
			return diag_set(d, ST_MALFORMED, "component-needs",
			    "%s needs %s, %s", ESC(c[i].name), ESC(need),
			    k == i ? "which is itself" : "which is no component");
		}
	}
	return ST_OK;
}

enum status
components_check(const struct component *c, size_t n, size_t *at, struct diag *d)
{
	enum status st = ST_INTERNAL;
	const char **strings = NULL;
	size_t *order = NULL;

	*at = 0;
	if ((strings = calloc(n + 1, sizeof(*strings))) == NULL ||
	    (order = calloc(n + 1, sizeof(*order))) == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	if ((st = check_folded(c, n, true, strings, at, d)) != ST_OK)
		goto out;
	if ((st = check_folded(c, n, false, strings, at, d)) != ST_OK)
		goto out;
	if ((st = check_overlap(c, n, order, at, d)) != ST_OK)
		goto out;
	st = check_needs(c, n, order, at, d);
out:
	free(strings);
	free(order);
	return st;
}
