/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * naming - the last part of a path, the last two parts, a number behind: the
 * first that nobody else has.
 */
#include "pack/naming.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "manifests/array.h"
#include "manifests/caps.h"
#include "manifests/path.h"

/* Names that say nothing without that of the directory above. */
static const char *const vague[] = { "model", "models", "weights", "data",
	"dataset", "checkpoint", "checkpoints", "latest", "final", "main", "src",
	"readme", "license", "licence", "config", "test", "tests", "default",
	"pretrained", "onnx", "tflite", "gguf", "pytorch", "safetensors" };

/* Folded names, ascending. */
struct taken {
	char **keys;
	size_t n;
};

/* What of s can stand in a name: a new string, "" where nothing can. */
static char *
legalise(const char *s)
{
	char *name;
	size_t n;

	while (*s == '.' || *s == '-' || *s == ' ')
		s++;
	if ((name = strdup(s)) == NULL)
		return NULL;
	for (n = strlen(name); n > 0 && (name[n - 1] == '.' || name[n - 1] == ' '); n--)
		name[n - 1] = '\0';
	if (path_check_name(name, n) != NULL)
		name[0] = '\0';
	return name;
}

char *
name_legal(const char *s)
{
	char *name = legalise(s);

	if (name == NULL || name[0] != '\0')
		return name;
	free(name);
	return strdup("bundle");
}

static bool
is_vague(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(vague) / sizeof(vague[0]); i++)
		if (strcasecmp(name, vague[i]) == 0)
			return true;
	/* v0.1, 7b, 2026-11-23: of what? */
	return (name[0] >= '0' && name[0] <= '9') || (name[0] == 'v' &&
	    name[1] >= '0' && name[1] <= '9');
}

/* Whether a name is free; then it is taken.  -1 when out of memory. */
static int
take(struct taken *t, const char *name)
{
	char *key = path_fold(name), **grown;
	size_t low = 0, high = t->n, mid;
	int cmp;

	if (key == NULL)
		return -1;
	while (low < high) {
		mid = low + (high - low) / 2;
		if ((cmp = strcmp(t->keys[mid], key)) == 0) {
			free(key);
			return 0;
		}
		if (cmp < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if ((grown = array_add(t->keys, t->n, sizeof(*grown))) == NULL) {
		free(key);
		return -1;
	}
	t->keys = grown;
	memmove(grown + low + 1, grown + low, (t->n - low) * sizeof(*grown));
	grown[low] = key;
	t->n++;
	return 1;
}

/* The part of a file's name before its last dot; all of a directory's. */
static void
stem(const struct tree_entry *e, char out[CAP_COMPONENT + 1])
{
	char *dot;

	snprintf(out, CAP_COMPONENT + 1, "%s", e->name);
	dot = strrchr(out, '.');
	if (!e->is_directory && dot != NULL && dot != out)
		*dot = '\0';
}

/*
 * The k-th name that a component may have: its own, with that of the directory
 * above, and with numbers; "" where that is none.
 */
static char *
candidate(const struct tree *t, size_t entry, unsigned k)
{
	char own[CAP_COMPONENT + 1], above[CAP_COMPONENT + 1];
	char text[2 * CAP_COMPONENT + 20], *name;
	size_t parent = t->entries[entry].parent;

	stem(&t->entries[entry], own);
	stem(&t->entries[parent], above);
	if (k == 0)
		return parent != 0 && is_vague(own) ? strdup("") : legalise(own);
	if (k == 1 && parent == 0)
		return strdup("");
	if (k == 1)
		snprintf(text, sizeof(text), "%s-%s", above, own);
	else
		snprintf(text, sizeof(text), "%s-%u", own, k);
	name = legalise(text);
	if (k == 1 || name == NULL || name[0] != '\0')
		return name;
	free(name);
	return asprintf(&name, "component-%u", k) == -1 ? NULL : name;
}

static enum status
name_one(const struct tree *t, struct proposal *p, struct taken *taken,
    struct diag *d)
{
	unsigned k;
	char *name;
	int is_free = 0;

	for (k = 0; is_free == 0; k++) {
		if ((name = candidate(t, p->entry, k)) == NULL)
			return diag_nomem(d);
		is_free = name[0] == '\0' ? 0 : take(taken, name);
		if (is_free == 1)
			p->c.name = name;
		else
			free(name);
	}
	return is_free == 1 ? ST_OK : diag_nomem(d);
}

enum status
name_proposals(const struct tree *t, struct proposals *p, struct diag *d)
{
	struct taken taken = { NULL, 0 };
	enum status st = ST_OK;
	size_t i;

	for (i = 0; i < p->n && st == ST_OK; i++)
		st = name_one(t, &p->items[i], &taken, d);
	for (i = 0; i < taken.n; i++)
		free(taken.keys[i]);
	free(taken.keys);
	return st;
}
