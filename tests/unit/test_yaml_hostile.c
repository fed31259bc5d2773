/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_yaml_hostile - the collection of hostile YAML documents: no parser of
 * ours takes one, and none keeps it busy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "manifests/bytes.h"
#include "manifests/caps.h"
#include "manifests/contents.h"
#include "manifests/handoff.h"
#include "manifests/transport.h"
#include "manifests/yaml.h"

#define SECONDS_MAX 0.2			/* of CPU time, for one document and parser */

/* Valid YAML to a strict reader: only a document's own rules can refuse these. */
static const char *const mere_yaml[] = { "ok", "dup_path", "folded_whitespace",
    "int_overflow", "norway", "rtl", "unknown_field", "seq_root", "pairs" };

static bool
is_mere_yaml(const char *name)
{
	size_t i, n;

	for (i = 0; i < sizeof(mere_yaml) / sizeof(mere_yaml[0]); i++) {
		n = strlen(mere_yaml[i]);
		if (strncmp(name, mere_yaml[i], n) == 0 &&
		    strcmp(name + n, ".yaml") == 0)
			return true;
	}
	return false;
}

static void
read_file(const char *folder, const char *name, struct bytes *b)
{
	char path[4096], piece[4096];
	size_t n;
	FILE *f;

	memset(b, 0, sizeof(*b));
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if ((f = fopen(path, "rb")) == NULL)
		fail_msg("%s cannot be opened", path);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		bytes_append(b, piece, n);
	fclose(f);
	assert_false(b->failed);
}

static enum status
parse_handoff(const struct bytes *b, struct diag *d)
{
	struct handoff *h;
	enum status st = handoff_parse(b->data, b->len, "x", &h, d);

	handoff_free(h);
	return st;
}

static enum status
parse_transport(const struct bytes *b, struct diag *d)
{
	struct transport *t;
	enum status st = transport_parse(b->data, b->len, "x", &t, d);

	transport_free(t);
	return st;
}

static enum status
parse_contents(const struct bytes *b, struct diag *d)
{
	struct contents *c;
	enum status st = contents_parse(b->data, b->len, "x", &c, d);

	contents_free(c);
	return st;
}

/* The reader alone, so that no unknown key ends it early. */
static enum status
parse_anything(const struct bytes *b, struct diag *d)
{
	struct yaml *y;
	enum status st;

	st = yaml_open(b->data, b->len, CAP_HANDOFF, "x", YAML_PERSON, &y, d);
	if (st != ST_OK)
		return st;
	yaml_skip(y);
	return yaml_close(y);
}

static double
cpu_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
try(const char *name, const struct bytes *b, const char *parser,
    enum status (*parse)(const struct bytes *, struct diag *), enum status expected)
{
	struct diag d = DIAG_INIT;
	double begin = cpu_seconds(), used;
	enum status st = parse(b, &d);

	used = cpu_seconds() - begin;
	if (st != expected)
		fail_msg("%s, %s: status %d, expected %d: %s", name, parser, st,
		    expected, d.text);
	if (used > SECONDS_MAX)
		fail_msg("%s, %s: %.2f s", name, parser, used);
	if (st != ST_OK && (d.rule[0] == '\0' || strstr(d.text, "line ") == NULL))
		fail_msg("%s, %s: no rule or line: %s", name, parser, d.text);
}

static void
none_is_taken(void **state)
{
	const char *data = getenv("SATCHEL_DATA");
	char folder[4000], *line, *save = NULL, *end;
	struct bytes index, b;
	size_t n = 0;

	(void)state;
	if (data == NULL)
		skip();
	snprintf(folder, sizeof(folder), "%s/hostile", data);
	read_file(folder, "INDEX.tsv", &index);
	bytes_append(&index, "", 1);
	for (line = strtok_r((char *)index.data, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "yaml/", 5) != 0 ||
		    (end = strchr(line, '\t')) == NULL)
			continue;
		*end = '\0';
		read_file(folder, line, &b);
		try(line, &b, "handoff", parse_handoff, ST_USAGE);
		try(line, &b, "transport", parse_transport, ST_MALFORMED);
		try(line, &b, "contents", parse_contents, ST_MALFORMED);
		try(line, &b, "reader", parse_anything,
		    is_mere_yaml(line + 5) ? ST_OK : ST_USAGE);
		bytes_free(&b);
		n++;
	}
	assert_true(n >= 40);
	bytes_free(&index);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
