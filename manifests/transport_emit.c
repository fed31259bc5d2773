/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transport - the one spelling of manifest.yaml, and the names of the files
 * that it speaks of.  Reading is in transport.c.
 */
#include "manifests/transport.h"

#include <stdio.h>
#include <string.h>

#include "manifests/canon.h"
#include "manifests/transport_rules.h"

static void
spell_file(struct canon *c, const struct transport_file *f)
{
	canon_uint(c, "size", f->size);
	canon_hex(c, "digest", f->digest, sizeof(f->digest));
}

static void
spell_run(struct canon *c, const struct transport_run *r)
{
	size_t i;

	canon_item(c);
	canon_uint(c, "run", r->run);
	canon_hex(c, "commitment", r->commitment, sizeof(r->commitment));
	canon_list(c, "keys");
	for (i = 0; i < r->n_keys; i++) {
		canon_item(c);
		canon_text(c, "recipient", r->keys[i].recipient);
		spell_file(c, &r->keys[i].file);
		canon_item_end(c);
	}
	canon_item_end(c);
}

static void
spell_lane(struct canon *c, const struct transport *t,
    const struct transport_lane *l)
{
	const struct transport_volume *v;
	size_t i;

	canon_item(c);
	canon_uint(c, "lane", l->lane);
	canon_hex(c, "commitment", l->commitment, sizeof(l->commitment));
	canon_map(c, "contents");
	if (t->encrypted)
		canon_uint(c, "run", l->contents.run);
	canon_uint(c, "size", l->contents.size);
	canon_uint(c, "chunks", l->contents.n_chunks);
	canon_hex(c, "index", l->contents.index, sizeof(l->contents.index));
	canon_map_end(c);
	if (t->encrypted) {
		canon_list(c, "runs");
		for (i = 0; i < l->n_runs; i++)
			spell_run(c, &l->runs[i]);
	}
	canon_list(c, "volumes");
	for (i = 0; i < l->n_volumes; i++) {
		v = &l->volumes[i];
		canon_item(c);
		canon_uint(c, "medium", v->medium);
		if (t->encrypted)
			canon_uint(c, "run", v->run);
		canon_uint(c, "first", v->first);
		canon_uint(c, "chunks", v->n_chunks);
		canon_uint(c, "size", v->size);
		canon_hex(c, "index", v->index, sizeof(v->index));
		canon_item_end(c);
	}
	canon_item_end(c);
}

void
transport_spell(const struct transport *t, struct canon *c)
{
	size_t i;

	canon_text(c, "satchel-manifest", "1");
	canon_hex(c, "bundle-id", t->bundle_id, sizeof(t->bundle_id));
	canon_text(c, "created", t->created);
	canon_text(c, "title", t->title);
	if (t->control_number[0] != '\0')
		canon_text(c, "control-number", t->control_number);
	canon_text(c, "encryption", t->encrypted ? "aes-256-gcm" : "none");
	if (t->hidden_recipients)
		canon_text(c, "hidden-recipients", "yes");
	if (t->portable)
		canon_text(c, "portable", "yes");
	canon_text(c, "digest", "sha-512");
	canon_uint(c, "chunk-size", t->chunk_size);
	if (t->encrypted)
		canon_uint(c, "padding", t->padding);
	canon_map(c, "readme");
	spell_file(c, &t->readme);
	canon_map_end(c);
	if (t->portable) {
		canon_list(c, "sums");
		for (i = 0; i < 2; i++) {
			canon_item(c);
			spell_file(c, &t->sums[i]);
			canon_item_end(c);
		}
	}
	canon_list(c, "signers");
	for (i = 0; i < t->n_signers; i++)
		canon_item_text(c, t->signers[i]);
	canon_list(c, "lanes");
	for (i = 0; i < t->n_lanes; i++)
		spell_lane(c, t, &t->lanes[i]);
}

void
transport_emit(const struct transport *t, struct bytes *out)
{
	struct canon c;

	canon_init_append(&c, out);
	transport_spell(t, &c);
}

char *
transport_name_payload(char *buf, uint32_t lane, uint64_t volume)
{
	snprintf(buf, TRANSPORT_NAME_MAX, "payload-%02u.%06llu", lane,
	    (unsigned long long)volume);
	return buf;
}

char *
transport_name_contents(char *buf, uint32_t lane)
{
	snprintf(buf, TRANSPORT_NAME_MAX, "contents-%02u", lane);
	return buf;
}

char *
transport_name_key_dir(char *buf, uint32_t lane, uint32_t run)
{
	snprintf(buf, TRANSPORT_NAME_MAX, "%02u.%u", lane, run);
	return buf;
}

char *
transport_name_key(char *buf, const char *recipient)
{
	snprintf(buf, TRANSPORT_NAME_MAX, "%s.pgp", recipient);
	return buf;
}

char *
transport_name_signature(char *buf, const char *fpr)
{
	snprintf(buf, TRANSPORT_NAME_MAX, "%s.sig", fpr);
	return buf;
}
