/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fields - reading and checking of values that handoff and content manifest
 * have in common.  What a document must hold is its own parser's business.
 */
#include "manifests/fields.h"

#include <stdlib.h>
#include <string.h>

#include "manifests/array.h"
#include "manifests/caps.h"
#include "manifests/path.h"

static const char *const kind_names[] = {
	[KIND_MODEL] = "model",
	[KIND_BENCHMARK] = "benchmark",
	[KIND_DOCUMENT] = "document",
	[KIND_CODE] = "code",
};

const char *
component_kind_name(enum component_kind kind)
{
	return kind_names[kind];
}

int
component_kind_parse(const char *s, enum component_kind *kind)
{
	size_t i;

	for (i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++) {
		if (strcmp(s, kind_names[i]) == 0) {
			*kind = (enum component_kind)i;
			return 0;
		}
	}
	return -1;
}

/* A scalar that `check` has nothing against, as a new string. */
static char *
checked(struct yaml *y, const char *rule,
    const char *(*check)(const char *, size_t))
{
	size_t len;
	const char *s = yaml_text(y, &len), *wrong;
	char *copy;

	if (yaml_failed(y) != ST_OK)
		return NULL;
	if ((wrong = check(s, len)) != NULL) {
		if (strcmp(wrong, PATH_NO_MEMORY) == 0)
			yaml_nomem(y);
		else
			yaml_fail(y, rule, "%s: %s %s", ESC(yaml_name(y)), ESC(s),
			    wrong);
		return NULL;
	}
	if ((copy = strdup(s)) == NULL)
		yaml_nomem(y);
	return copy;
}

char *
field_text(struct yaml *y)
{
	return checked(y, "field-text", text_check);
}

char *
field_name(struct yaml *y)
{
	return checked(y, "field-name", path_check_name);
}

char *
field_path(struct yaml *y)
{
	return checked(y, "field-path", path_check);
}

static size_t
n_digits(const char *s)
{
	return strspn(s, "0123456789");
}

static const char *
number_check(const char *s, size_t len)
{
	static const char wrong[] = "is not a decimal number like 0.41 or -2e-3";
	size_t n;

	if (len > 40)
		return "is too long for a number";
	s += *s == '-';
	if ((n = n_digits(s)) == 0 || (*s == '0' && n > 1))
		return wrong;
	s += n;
	if (*s == '.') {
		if ((n = n_digits(s + 1)) == 0)
			return wrong;
		s += 1 + n;
	}
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '+' || *s == '-';
		if ((n = n_digits(s)) == 0)
			return wrong;
		s += n;
	}
	return *s == '\0' ? NULL : wrong;
}

static const char *
tolerance_check(const char *s, size_t len)
{
	return *s == '-' ? "is negative" : number_check(s, len);
}

char *
field_number(struct yaml *y)
{
	return checked(y, "field-number", number_check);
}

char *
field_tolerance(struct yaml *y)
{
	return checked(y, "field-number", tolerance_check);
}

void
field_title(struct yaml *y, char out[33])
{
	size_t len;
	const char *s = yaml_text(y, &len), *wrong;

	out[0] = '\0';
	if (yaml_failed(y) != ST_OK)
		return;
	if ((wrong = title_check(s)) == NULL && len <= CAP_TITLE) {
		memcpy(out, s, len + 1);
		return;
	}
	yaml_fail(y, "field-title", "%s: %s %s", ESC(yaml_name(y)), ESC(s), wrong);
	yaml_hint(y, "1 to %u characters of A-Z, 0-9, blank, dot, slash and hyphen",
	    CAP_TITLE);
}

void
field_kind(struct yaml *y, enum component_kind *kind)
{
	const char *s = yaml_text(y, NULL);

	if (yaml_failed(y) == ST_OK && component_kind_parse(s, kind) == -1)
		yaml_fail(y, "field-kind",
		    "kind: must be model, benchmark, document or code, not %s",
		    ESC(s));
}

void
field_list(struct yaml *y, struct string_list *l, char *(*item)(struct yaml *))
{
	yaml_list(y);
	while (yaml_item(y)) {
		if (l->n == CAP_LIST) {
			yaml_fail(y, "field-list", "%s: more than %u items",
			    ESC(yaml_name(y)), CAP_LIST);
			return;
		}
		l->items = yaml_array_add(y, l->items, l->n, sizeof(*l->items));
		if (yaml_failed(y) != ST_OK)
			return;
		l->items[l->n++] = item(y);
	}
	if (l->n == 0)
		yaml_fail(y, "field-list", "%s: the list is empty",
		    ESC(yaml_name(y)));
}

void
string_list_clear(struct string_list *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->items[i]);
	free(l->items);
	memset(l, 0, sizeof(*l));
}

void
component_clear(struct component *c)
{
	size_t i;

	free(c->name);
	free(c->path);
	free(c->marking);
	free(c->license);
	free(c->version);
	free(c->format);
	free(c->harness);
	string_list_clear(&c->dtypes);
	string_list_clear(&c->command);
	string_list_clear(&c->needs);
	for (i = 0; i < c->n_expected; i++) {
		free(c->expected[i].metric);
		free(c->expected[i].value);
		free(c->expected[i].tolerance);
	}
	free(c->expected);
	memset(c, 0, sizeof(*c));
}
