/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json - the one document of --json, schema 1; the only includer of jansson.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "unpack/session.h"

#define SCHEMA 1

/* A string whatever it holds: what is no UTF-8 (a name, a cut) is escaped. */
static json_t *
text(const char *s)
{
	json_t *o = json_string(s);

	return o != NULL ? o : json_string(ESC(s));
}

static json_t *
text_or_null(const char *s)
{
	return s == NULL || *s == '\0' ? json_null() : text(s);
}

static json_t *
number(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static json_t *
json_bundle(const struct session *s)
{
	const struct transport *t = session_transport(s);
	char digest[2 * SHA512_LEN + 1], id[2 * BUNDLE_ID_LEN + 1];
	json_t *o;

	if (t == NULL)
		return json_null();
	hex_encode(digest, session_digest(s), SHA512_LEN);
	hex_encode(id, t->bundle_id, BUNDLE_ID_LEN);
	o = json_object();
	json_object_set_new(o, "digest", json_string(digest));
	json_object_set_new(o, "id", json_string(id));
	json_object_set_new(o, "title", json_string(t->title));
	json_object_set_new(o, "control_number", text_or_null(t->control_number));
	json_object_set_new(o, "created", json_string(t->created));
	json_object_set_new(o, "encrypted", json_boolean(t->encrypted));
	json_object_set_new(o, "media", number(t->n_media));
	json_object_set_new(o, "volumes", number(transport_n_volumes(t)));
	json_object_set_new(o, "size", number(transport_total(t)));
	json_object_set_new(o, "verified", json_boolean(s->verified != NULL));
	return o;
}

static json_t *
json_signers(const struct session *s)
{
	json_t *a = json_array(), *o;
	size_t i;

	for (i = 0; i < s->signers.n; i++) {
		const struct signer_verdict *v = &s->signers.items[i];

		o = json_object();
		json_object_set_new(o, "fingerprint", json_string(v->fpr));
		json_object_set_new(o, "user_id", text_or_null(v->user_id));
		json_object_set_new(o, "accepted", json_boolean(v->accepted));
		json_object_set_new(o, "created", v->accepted ? number(v->created) :
		    json_null());
		json_object_set_new(o, "reason", text_or_null(v->reason));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *
json_finding(enum status st, const char *rule, const char *volume,
    const char *said, const char *hint)
{
	json_t *o = json_object();

	json_object_set_new(o, "status", json_string(status_name(st)));
	json_object_set_new(o, "rule", text_or_null(rule));
	json_object_set_new(o, "volume", text_or_null(volume));
	json_object_set_new(o, "text", text(said));
	json_object_set_new(o, "hint", text_or_null(hint));
	return o;
}

static json_t *
json_findings(const struct session *s, enum status st, const struct diag *d)
{
	json_t *a = json_array(), *o;
	size_t i;

	for (i = 0; i < s->findings.n; i++) {
		const struct finding *f = &s->findings.items[i];

		o = json_finding(f->status, f->rule, f->volume, f->text, f->hint);
		json_object_set_new(o, "offset", f->has_range ? number(f->offset) :
		    json_null());
		json_object_set_new(o, "length", f->has_range ? number(f->length) :
		    json_null());
		json_array_append_new(a, o);
	}
	if (d->text[0] != '\0') {
		o = json_finding(st, d->rule, NULL, d->text, d->hint);
		json_object_set_new(o, "offset", json_null());
		json_object_set_new(o, "length", json_null());
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *
json_strings(const struct string_list *l)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < l->n; i++)
		json_array_append_new(a, json_string(l->items[i]));
	return a;
}

static json_t *
json_component(const struct component *c)
{
	json_t *o = json_object(), *a, *m;
	size_t i;

	json_object_set_new(o, "name", json_string(c->name));
	json_object_set_new(o, "kind", json_string(component_kind_name(c->kind)));
	json_object_set_new(o, "path", json_string(c->path));
	json_object_set_new(o, "marking", json_string(c->marking));
	json_object_set_new(o, "license", text_or_null(c->license));
	json_object_set_new(o, "version", text_or_null(c->version));
	json_object_set_new(o, "format", text_or_null(c->format));
	json_object_set_new(o, "dtypes", json_strings(&c->dtypes));
	json_object_set_new(o, "tensors", c->has_tensors ? number(c->tensors) :
	    json_null());
	json_object_set_new(o, "parameters", c->has_parameters ?
	    number(c->parameters) : json_null());
	json_object_set_new(o, "records", c->has_records ? number(c->records) :
	    json_null());
	json_object_set_new(o, "harness", text_or_null(c->harness));
	json_object_set_new(o, "command", json_strings(&c->command));
	a = json_array();
	for (i = 0; i < c->n_expected; i++) {
		m = json_object();
		json_object_set_new(m, "metric", json_string(c->expected[i].metric));
		json_object_set_new(m, "value", json_string(c->expected[i].value));
		json_object_set_new(m, "tolerance",
		    text_or_null(c->expected[i].tolerance));
		json_array_append_new(a, m);
	}
	json_object_set_new(o, "expected", a);
	json_object_set_new(o, "needs", json_strings(&c->needs));
	return o;
}

static json_t *
json_files(const struct contents *c)
{
	char digest[2 * SHA256_LEN + 1];
	json_t *a = json_array(), *o;
	size_t i;

	for (i = 0; i < c->n_files; i++) {
		hex_encode(digest, c->files[i].digest, SHA256_LEN);
		o = json_object();
		json_object_set_new(o, "path", json_string(c->files[i].path));
		json_object_set_new(o, "size", number(c->files[i].size));
		json_object_set_new(o, "executable",
		    json_boolean(c->files[i].executable));
		json_object_set_new(o, "sha256", json_string(digest));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *
json_contents(const struct contents *c)
{
	json_t *o = json_object(), *a = json_array();
	size_t i;

	json_object_set_new(o, "name", json_string(c->name));
	json_object_set_new(o, "sequence", number(c->sequence));
	json_object_set_new(o, "from", json_string(c->from));
	json_object_set_new(o, "to", json_string(c->to));
	json_object_set_new(o, "date", json_string(c->date));
	json_object_set_new(o, "marking", json_string(c->marking));
	json_object_set_new(o, "not_before", text_or_null(c->not_before));
	json_object_set_new(o, "not_after", text_or_null(c->not_after));
	json_object_set_new(o, "contact", text_or_null(c->contact));
	json_object_set_new(o, "originator", json_string(c->originator));
	for (i = 0; i < c->n_components; i++)
		json_array_append_new(a, json_component(&c->components[i]));
	json_object_set_new(o, "components", a);
	a = json_array();
	for (i = 0; i < c->n_directories; i++)
		json_array_append_new(a, json_string(c->directories[i]));
	json_object_set_new(o, "directories", a);
	json_object_set_new(o, "files", json_files(c));
	return o;
}

enum status
json_print(struct session *s, enum status st, const struct diag *d,
    struct diag *out)
{
	json_t *o = json_object();
	char *document;

	json_object_set_new(o, "schema", json_integer(SCHEMA));
	json_object_set_new(o, "program", json_string("satchel-unpack"));
	json_object_set_new(o, "verb", json_string(
	    unpack_program.verbs[s->options->verb].name));
	json_object_set_new(o, "verdict", text_or_null(s->verdict));
	json_object_set_new(o, "status", json_string(status_name(st)));
	json_object_set_new(o, "exit_status", json_integer((json_int_t)st));
	json_object_set_new(o, "digest_engine", json_string(chunk_digest_engine()));
	json_object_set_new(o, "bundle", json_bundle(s));
	json_object_set_new(o, "signers", json_signers(s));
	json_object_set_new(o, "findings", json_findings(s, st, d));
	if (s->findings.dropped > 0)
		json_object_set_new(o, "findings_dropped", number(s->findings.dropped));
	if (s->options->verb == UNPACK_LIST && st == ST_OK)
		json_object_set_new(o, "contents",
		    json_contents(s->lanes[0]->contents));
	if (s->options->verb == UNPACK_EXTRACT)
		json_object_set_new(o, "destination", text_or_null(s->destination));
	document = json_dumps(o, JSON_INDENT(2));
	json_decref(o);
	if (document == NULL)
		return diag_nomem(out);
	console_write(s->console, document, strlen(document));
	console_write(s->console, "\n", 1);
	free(document);
	return ST_OK;
}
