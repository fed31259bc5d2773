/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gpg_ring - reading the user's key ring with gpg --export and --with-colons.
 * It judges no key.
 */
#include "bundle/gpg_ring.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bundle/helper.h"
#include "manifests/caps.h"

#define LISTING_CAP (16 * MIB)
#define CAP_RING_KEYS 65536U		/* (sub)keys of one listing */

#define FIELD_TYPE 0			/* of a line of --with-colons, from 0 */
#define FIELD_VALUE 9
#define FIELD_USE 11
#define FIELD_TOKEN 14

bool
gpg_ring_exists(void)
{
	static const char *const names[] = { "pubring.kbx", "pubring.gpg",
		"public-keys.d", "common.conf" };
	const char *home = helper_user_getenv("GNUPGHOME"), *sub = "";
	char path[PATH_MAX];
	struct stat sb;
	size_t i;
	int n;

	if (home == NULL || *home == '\0') {
		home = helper_user_getenv("HOME");
		sub = "/.gnupg";
	}
	if (home == NULL || *home == '\0')
		return true;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		n = snprintf(path, sizeof(path), "%s%s/%s", home, sub, names[i]);
		if (n < 0 || (size_t)n >= sizeof(path) || stat(path, &sb) == 0)
			return true;
	}
	return false;
}

/* gpg --no-options ... as the user, with up to 4 words and the selectors behind. */
static enum status
run_gpg(const char *const *words, const char *const *selectors, size_t n,
    size_t cap, struct bytes *out, struct diag *d)
{
	static const char *const first[] = { "--no-options", "--batch",
		"--no-tty", "--no-auto-check-trustdb", "--trust-model", "always",
		"--no-auto-key-locate", "--disable-dirmngr" };
	const size_t n_first = sizeof(first) / sizeof(first[0]);
	char path[PATH_MAX], **argv = NULL;
	enum status st;
	size_t i, o = 0;
	int code;

	if ((st = helper_find_program("gpg", path, sizeof(path), d)) != ST_OK)
		return st;
	if ((argv = calloc(n + n_first + 8, sizeof(*argv))) == NULL)
		return diag_nomem(d);
	argv[o++] = strdup(path);
	for (i = 0; i < n_first; i++)
		argv[o++] = strdup(first[i]);
	for (i = 0; i < 4 && words[i] != NULL; i++)
		argv[o++] = strdup(words[i]);
	argv[o++] = strdup("--");
	for (i = 0; i < n; i++)
		argv[o++] = strdup(selectors[i]);
	for (i = 0; i < o; i++)
		if (argv[i] == NULL)
			st = diag_nomem(d);
	/* Its exit status says that nothing matched, among other things: the output tells. */
	if (st == ST_OK)
		st = helper_exec(argv, true, cap, out, &code, d);
	for (i = 0; i < o; i++)
		free(argv[i]);
	free(argv);
	return st;
}

enum status
gpg_ring_export(const char *const *selectors, size_t n, struct bytes *out,
    struct diag *d)
{
	const char *words[] = { "--no-armor", "--export", NULL };

	if (!gpg_ring_exists())
		return ST_OK;
	return run_gpg(words, selectors, n, CAP_TRUST_FILE, out, d);
}

/* Field i of a line, not terminated. */
static const char *
field(const char *line, size_t len, size_t i, size_t *n)
{
	const char *p = line, *end = line + len, *colon;

	for (; i > 0; i--) {
		if ((colon = memchr(p, ':', (size_t)(end - p))) == NULL) {
			*n = 0;
			return end;
		}
		p = colon + 1;
	}
	colon = memchr(p, ':', (size_t)(end - p));
	*n = (size_t)((colon == NULL ? end : colon) - p);
	return p;
}

static bool
is_type(const char *line, size_t len, const char *type)
{
	size_t n;
	const char *p = field(line, len, FIELD_TYPE, &n);

	return n == 3 && memcmp(p, type, 3) == 0;
}

/* What a pub, sub, sec or ssb line says; the fpr line behind it completes it. */
struct pending {
	bool open, primary, disabled, secret;
};

static void
begin_key(struct pending *p, const char *line, size_t len)
{
	bool sec = is_type(line, len, "sec"), pub = is_type(line, len, "pub");
	const char *text;
	size_t n;

	p->open = true;
	p->primary = sec || pub;
	text = field(line, len, FIELD_USE, &n);
	if (p->primary)
		p->disabled = memchr(text, 'D', n) != NULL;
	/* "+", a card's serial number, or "#" where there is only a stub of nothing. */
	text = field(line, len, FIELD_TOKEN, &n);
	p->secret = n > 0 && text[0] != '#';
}

/* Returns -1 where the line makes no sense. */
static int
end_key(struct pending *p, const char *line, size_t len,
    struct gpg_ring_key *prev, struct gpg_ring_key *key)
{
	const char *fpr;
	size_t n;

	fpr = field(line, len, FIELD_VALUE, &n);
	if ((n != 40 && n != FPR_MAX) ||
	    strspn(fpr, "0123456789ABCDEF") != n || (!p->primary && prev == NULL))
		return -1;
	memset(key, 0, sizeof(*key));
	memcpy(key->fpr, fpr, n);
	strcpy(key->primary, p->primary ? key->fpr : prev->primary);
	key->disabled = p->disabled;
	key->secret = p->secret;
	p->open = false;
	return 0;
}

static enum status
parse_listing(const struct bytes *text, struct gpg_ring_key **keys,
    size_t *n_keys, struct diag *d)
{
	const char *line = (const char *)text->data, *end, *last;
	struct gpg_ring_key *k = NULL, *bigger;
	struct pending p = { 0 };
	size_t n = 0, cap = 0, len;

	last = line + text->len;
	for (; line < last; line = end + 1) {
		if ((end = memchr(line, '\n', (size_t)(last - line))) == NULL)
			goto garbage;
		len = (size_t)(end - line);
		if (is_type(line, len, "pub") || is_type(line, len, "sub") ||
		    is_type(line, len, "sec") || is_type(line, len, "ssb")) {
			begin_key(&p, line, len);
			continue;
		}
		if (!p.open || !is_type(line, len, "fpr"))
			continue;
		if (n == cap) {
			cap = cap == 0 ? 16 : cap * 2;
			if (cap > CAP_RING_KEYS)
				goto garbage;
			if ((bigger = realloc(k, cap * sizeof(*k))) == NULL) {
				free(k);
				return diag_nomem(d);
			}
			k = bigger;
		}
		if (end_key(&p, line, len, n == 0 ? NULL : &k[n - 1], &k[n]) == -1)
			goto garbage;
		n++;
	}
	*keys = k;
	*n_keys = n;
	return ST_OK;
garbage:
	free(k);
	return diag_set(d, ST_HOST, "gpg-garbage",
	    "gpg lists the user's keys in a form that makes no sense");
}

enum status
gpg_ring_list(const char *const *selectors, size_t n, bool only_secret,
    bool with_secret, struct gpg_ring_key **keys, size_t *n_keys, struct diag *d)
{
	const char *words[] = { "--with-colons",
		only_secret ? "--list-secret-keys" : "--list-keys",
		with_secret && !only_secret ? "--with-secret" : NULL, NULL };
	struct bytes text = { 0 };
	enum status st;

	*keys = NULL;
	*n_keys = 0;
	if (!gpg_ring_exists())
		return ST_OK;
	if ((st = run_gpg(words, selectors, n, LISTING_CAP, &text, d)) == ST_OK)
		st = parse_listing(&text, keys, n_keys, d);
	bytes_free(&text);
	return st;
}
