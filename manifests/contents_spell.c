/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * contents_spell - the one spelling of the content manifest.
 * Reading is in contents.c.
 */
#include "manifests/contents_rules.h"

#include "manifests/canon.h"

static void
spell_optional(struct canon *out, const char *key, const char *value)
{
	if (value != NULL && value[0] != '\0')
		canon_text(out, key, value);
}

static void
spell_list(struct canon *out, const char *key, const struct string_list *l)
{
	size_t i;

	if (l->n > 0)
		canon_list(out, key);
	for (i = 0; i < l->n; i++)
		canon_item_text(out, l->items[i]);
}

static void
spell_component(struct canon *out, const struct component *c)
{
	size_t i;

	canon_item(out);
	canon_text(out, "name", c->name);
	canon_text(out, "kind", component_kind_name(c->kind));
	canon_text(out, "path", c->path);
	canon_text(out, "marking", c->marking);
	spell_optional(out, "license", c->license);
	spell_optional(out, "version", c->version);
	spell_optional(out, "format", c->format);
	spell_list(out, "dtypes", &c->dtypes);
	if (c->has_tensors)
		canon_uint(out, "tensors", c->tensors);
	if (c->has_parameters)
		canon_uint(out, "parameters", c->parameters);
	if (c->has_records)
		canon_uint(out, "records", c->records);
	spell_optional(out, "harness", c->harness);
	spell_list(out, "command", &c->command);
	if (c->n_expected > 0)
		canon_list(out, "expected");
	for (i = 0; i < c->n_expected; i++) {
		canon_item(out);
		canon_text(out, "metric", c->expected[i].metric);
		canon_text(out, "value", c->expected[i].value);
		spell_optional(out, "tolerance", c->expected[i].tolerance);
		canon_item_end(out);
	}
	spell_list(out, "needs", &c->needs);
	canon_item_end(out);
}

static void
spell_file(struct canon *out, const struct content_file *f)
{
	canon_item(out);
	canon_text(out, "path", f->path);
	canon_uint(out, "size", f->size);
	if (f->executable)
		canon_text(out, "executable", "yes");
	canon_uint(out, "offset", f->offset);
	canon_hex(out, "digest", f->digest, sizeof(f->digest));
	canon_item_end(out);
}

void
contents_spell(const struct contents *c, struct canon *out)
{
	size_t i;

	canon_text(out, "satchel-contents", "1");
	canon_text(out, "name", c->name);
	canon_uint(out, "sequence", c->sequence);
	canon_text(out, "from", c->from);
	canon_text(out, "to", c->to);
	canon_text(out, "date", c->date);
	canon_text(out, "marking", c->marking);
	spell_optional(out, "not-before", c->not_before);
	spell_optional(out, "not-after", c->not_after);
	spell_optional(out, "contact", c->contact);
	canon_text(out, "originator", c->originator);
	canon_uint(out, "time", c->time);
	canon_text(out, "digest", "sha-256");
	canon_list(out, "components");
	for (i = 0; i < c->n_components; i++)
		spell_component(out, &c->components[i]);
	if (c->n_directories > 0)
		canon_list(out, "directories");
	for (i = 0; i < c->n_directories; i++)
		canon_item_text(out, c->directories[i]);
	if (c->n_files > 0)
		canon_list(out, "files");
	for (i = 0; i < c->n_files; i++)
		spell_file(out, &c->files[i]);
}

void
contents_emit(const struct contents *c, struct bytes *out)
{
	struct canon canon;

	canon_init_append(&canon, out);
	contents_spell(c, &canon);
}
