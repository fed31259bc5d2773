/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * findings - the list of all that a run has found, kept and counted.
 * It never prints, and it judges nothing but which status is the worst.
 */
#include "bundle/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manifests/array.h"

static void
finding_clear(struct finding *f)
{
	free(f->volume);
	free(f->text);
	free(f->hint);
	memset(f, 0, sizeof(*f));
}

/* A copy of s, or NULL for none; *failed when out of memory. */
static char *
copy(const char *s, bool *failed)
{
	char *c;

	if (s == NULL || *s == '\0')
		return NULL;
	if ((c = strdup(s)) == NULL)
		*failed = true;
	return c;
}

/* The text without the file's own name in front: the label says that better. */
static const char *
without_name(const char *text, const char *volume)
{
	const char *name = volume == NULL ? NULL : strrchr(volume, '/');
	size_t n;

	if (volume == NULL)
		return text;
	name = name == NULL ? volume : name + 1;
	n = strlen(name);
	if (strncmp(text, name, n) == 0 && strncmp(text + n, ": ", 2) == 0)
		return text + n + 2;
	return text;
}

/* Keep item, which says what d says of volume; count it where that cannot be. */
static void
keep(struct findings *f, struct finding item, const char *volume,
    const struct diag *d)
{
	struct finding *grown;
	bool failed = false;

	item.volume = copy(volume, &failed);
	item.hint = copy(d->hint, &failed);
	if ((item.text = strdup(without_name(d->text, volume))) == NULL)
		failed = true;
	if (failed || (grown = array_add(f->items, f->n, sizeof(item))) == NULL) {
		finding_clear(&item);
		f->dropped++;
		return;
	}
	f->items = grown;
	f->items[f->n++] = item;
	if (f->notify != NULL)
		f->notify(f->arg, &f->items[f->n - 1]);
}

static enum status
add(struct findings *f, struct finding item, const char *volume,
    const struct diag *d)
{
	enum status worst = status_worse(f->worst, item.status);
	bool worse = worst != f->worst;

	f->worst = worst;
	item.rule = d->rule != NULL ? d->rule : "";
	/* One that makes things worse is kept in any case: it is the verdict. */
	if (f->n < FINDINGS_MAX || worse)
		keep(f, item, volume, d);
	else
		f->dropped++;
	return item.status;
}

enum status
findings_add(struct findings *f, enum status st, const char *volume,
    const struct diag *d)
{
	struct finding item = { .status = st };

	return add(f, item, volume, d);
}

enum status
findings_add_range(struct findings *f, enum status st, const char *volume,
    uint64_t offset, uint64_t length, const struct diag *d)
{
	struct finding item = {
		.status = st,
		.has_range = true,
		.offset = offset,
		.length = length,
	};

	return add(f, item, volume, d);
}

void
findings_note(struct findings *f, const char *volume, const char *rule,
    const char *fmt, ...)
{
	struct finding item = { .status = ST_OK };
	struct diag d = DIAG_INIT;
	va_list ap;

	d.rule = rule;
	va_start(ap, fmt);
	vsnprintf(d.text, sizeof(d.text), fmt, ap);
	va_end(ap);
	(void)add(f, item, volume, &d);
}

const struct finding *
findings_first(const struct findings *f)
{
	size_t i;

	if (f->worst == ST_OK)
		return NULL;
	for (i = 0; i < f->n; i++)
		if (f->items[i].status == f->worst)
			return &f->items[i];
	return NULL;
}

void
findings_free(struct findings *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		finding_clear(&f->items[i]);
	free(f->items);
	f->items = NULL;
	f->n = 0;
	f->dropped = 0;
	f->worst = ST_OK;
}
