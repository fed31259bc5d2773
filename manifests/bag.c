/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bag - composing the tag files of an imported bundle (BagIt 1.0, RFC 8493).
 * It reads and writes no file; the caller places and compares.
 */
#include "manifests/bag.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manifests/path.h"
#include "manifests/tarspell.h"

#define OPENER_LEN 32

/* Files beside those of lanes and signatures. */
#define N_FIXED 5

/* The files made so far; what bag_make() will hand over. */
struct list {
	struct bag_file *files;		/* room for all that there will be */
	size_t n;
};

/* Take the next file of the list. */
static struct bytes *
add_file(struct list *l, const char *path)
{
	struct bag_file *f = &l->files[l->n++];

	snprintf(f->path, sizeof(f->path), "%s", path);
	return &f->bytes;
}

/* A file whose bytes are large, and stay where they are. */
static void
borrow(struct list *l, const char *path, const uint8_t *data, size_t len)
{
	struct bytes *b = add_file(l, path);

	b->data = (uint8_t *)(uintptr_t)data;
	b->len = len;
	l->files[l->n - 1].borrowed = true;
}

static int
compare_files(const void *x, const void *y)
{
	const struct bag_file *a = x, *b = y;

	return path_compare(a->path, b->path);
}

/* The opened lane of that number, or NULL. */
static const struct bag_lane *
find_lane(const struct bag_source *src, uint32_t lane)
{
	size_t i;

	for (i = 0; i < src->n_lanes; i++)
		if (src->lanes[i].lane == lane)
			return &src->lanes[i];
	return NULL;
}

/* A line of bag-info.txt.  No value of a manifest holds a line break. */
static void
put_info(struct bytes *b, const char *label, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	bytes_string(b, label);
	bytes_string(b, ": ");
	bytes_string(b, value);
	bytes_string(b, "\n");
}

/* Payload-Oxum: octets and files.  Returns 0, or -1 where they do not fit 64 bits. */
static int
put_oxum(struct bytes *b, const struct bag_source *src)
{
	uint64_t octets = 0, n = 0;
	size_t i, j;

	for (i = 0; i < src->n_lanes; i++) {
		const struct contents *c = src->lanes[i].contents;

		for (j = 0; j < c->n_files; j++)
			if (__builtin_add_overflow(octets, c->files[j].size, &octets))
				return -1;
		n += c->n_files;
	}
	bytes_printf(b, "Payload-Oxum: %" PRIu64 ".%" PRIu64 "\n", octets, n);
	return 0;
}

/*
 * bag-info.txt.  Who, what and when are the same in the contents of all lanes;
 * they are taken from the first.
 */
static enum status
make_info(const struct bag_source *src, struct bytes *b, struct diag *d)
{
	const struct contents *c = src->lanes[0].contents;
	const struct transport *t = src->transport;
	char digest[2 * SHA512_LEN + 1];
	size_t i;

	hex_encode(digest, src->bundle_digest, SHA512_LEN);
	put_info(b, "Source-Organization", c->from);
	if (c->contact != NULL)
		put_info(b, strchr(c->contact, '@') != NULL &&
		    strchr(c->contact, ' ') == NULL ?
		    "Contact-Email" : "Contact-Name", c->contact);
	put_info(b, "Bagging-Date", c->date);
	put_info(b, "External-Identifier", digest);
	if (put_oxum(b, src) == -1)
		return diag_set(d, ST_MALFORMED, "contents-size",
		    "the sizes of all lanes together do not fit 64 bits");
	put_info(b, "Satchel-Name", c->name);
	bytes_printf(b, "Satchel-Sequence: %" PRIu64 "\n", c->sequence);
	put_info(b, "Satchel-To", c->to);
	for (i = 0; i < src->n_lanes; i++)
		if (i == 0 || strcmp(src->lanes[i].contents->marking,
		    src->lanes[i - 1].contents->marking) != 0)
			put_info(b, "Satchel-Marking",
			    src->lanes[i].contents->marking);
	put_info(b, "Satchel-Title", t->title);
	put_info(b, "Satchel-Control-Number", t->control_number);
	put_info(b, "Satchel-Originator", c->originator);
	for (i = 0; i < t->n_lanes; i++)
		if (find_lane(src, t->lanes[i].lane) == NULL)
			bytes_printf(b, "Satchel-Lane-Not-Opened: %" PRIu32 "\n",
			    t->lanes[i].lane);
	return ST_OK;
}

/* A line as sha256sum(1) writes it; no legal path needs an escape there. */
static void
put_digest(struct bytes *b, const uint8_t digest[SHA256_LEN],
    const char *prefix, const char *path)
{
	char hex[2 * SHA256_LEN + 1];

	hex_encode(hex, digest, SHA256_LEN);
	bytes_append(b, hex, 2 * SHA256_LEN);
	bytes_append(b, "  ", 2);
	bytes_string(b, prefix);
	bytes_string(b, path);
	bytes_append(b, "\n", 1);
}

/* manifest-sha256.txt: the files of all lanes, merged in the order of their bytes. */
static enum status
make_payload_manifest(const struct bag_source *src, struct bytes *b,
    struct diag *d)
{
	const struct content_file *f, *best;
	size_t *next, i, from = 0;

	if ((next = calloc(src->n_lanes, sizeof(*next))) == NULL)
		return diag_nomem(d);
	for (;;) {
		best = NULL;
		for (i = 0; i < src->n_lanes; i++) {
			const struct contents *c = src->lanes[i].contents;

			if (next[i] == c->n_files)
				continue;
			f = &c->files[next[i]];
			if (best == NULL || path_compare(f->path, best->path) < 0) {
				best = f;
				from = i;
			}
		}
		if (best == NULL)
			break;
		next[from]++;
		put_digest(b, best->digest, TAR_PREFIX, best->path);
	}
	free(next);
	return ST_OK;
}

/* What satchel/ holds: the bundle's own documents. */
static void
add_documents(struct list *l, const struct bag_source *src)
{
	char path[sizeof(l->files->path)], hex[2 * OPENER_LEN + 1];
	struct bytes *b;
	size_t i;

	bytes_append(add_file(l, "satchel/manifest.yaml"), src->manifest,
	    src->manifest_len);
	for (i = 0; i < src->n_signatures; i++) {
		snprintf(path, sizeof(path), "satchel/signatures/%s.sig",
		    src->signatures[i].fpr);
		bytes_append(add_file(l, path), src->signatures[i].data,
		    src->signatures[i].len);
	}
	for (i = 0; i < src->n_lanes; i++) {
		const struct bag_lane *lane = &src->lanes[i];

		snprintf(path, sizeof(path), "satchel/contents-%02" PRIu32 ".yaml",
		    lane->lane);
		borrow(l, path, lane->text, lane->text_len);
		if (lane->opener == NULL)
			continue;
		snprintf(path, sizeof(path), "satchel/opener-%02" PRIu32, lane->lane);
		hex_encode(hex, lane->opener, OPENER_LEN);
		b = add_file(l, path);
		bytes_append(b, hex, 2 * OPENER_LEN);
		bytes_append(b, "\n", 1);
		explicit_bzero(hex, sizeof(hex));
	}
}

/* tagmanifest-sha256.txt: every file made so far.  It is the last one by name, too. */
static enum status
add_tag_manifest(struct list *l, bag_sha256 *sha256, void *arg, struct diag *d)
{
	uint8_t digest[SHA256_LEN];
	const uint8_t *data;
	struct bytes *b;
	size_t i, n = l->n;

	qsort(l->files, n, sizeof(*l->files), compare_files);
	b = add_file(l, "tagmanifest-sha256.txt");
	for (i = 0; i < n; i++) {
		const struct bag_file *f = &l->files[i];

		if (f->bytes.failed)
			return diag_nomem(d);
		data = f->bytes.len == 0 ? (const uint8_t *)"" : f->bytes.data;
		if (sha256(arg, data, f->bytes.len, digest) != 0)
			return diag_set(d, ST_HOST, "crypto-digest",
			    "%s: libcrypto could not compute a digest", f->path);
		put_digest(b, digest, "", f->path);
	}
	return b->failed ? diag_nomem(d) : ST_OK;
}

enum status
bag_make(const struct bag_source *src, bag_sha256 *sha256, void *arg,
    struct bag_file **out, size_t *n, struct diag *d)
{
	enum status st = ST_INTERNAL;
	struct list l = { NULL, 0 };

	*out = NULL;
	*n = 0;
	if (src->n_lanes == 0)
		return diag_set(d, ST_INTERNAL, "bag-lanes", "no lane was opened");
	l.files = calloc(N_FIXED + src->n_signatures + 2 * src->n_lanes,
	    sizeof(*l.files));
	if (l.files == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	bytes_string(add_file(&l, "bagit.txt"),
	    "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
	if ((st = make_info(src, add_file(&l, "bag-info.txt"), d)) != ST_OK)
		goto out;
	if ((st = make_payload_manifest(src, add_file(&l, "manifest-sha256.txt"),
	    d)) != ST_OK)
		goto out;
	add_documents(&l, src);
	if ((st = add_tag_manifest(&l, sha256, arg, d)) != ST_OK)
		goto out;
	*out = l.files;
	*n = l.n;
	l.files = NULL;
	l.n = 0;
	st = ST_OK;
out:
	bag_free(l.files, l.n);
	return st;
}

void
bag_free(struct bag_file *files, size_t n)
{
	size_t i;

	if (files == NULL)
		return;
	for (i = 0; i < n; i++)
		if (!files[i].borrowed)
			bytes_free(&files[i].bytes);
	free(files);
}
