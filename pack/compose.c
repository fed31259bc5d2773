/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * compose - what is known when the stream has ended: README and lists, which
 * volume goes on which medium, and the transport manifest's text.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bundle/file.h"
#include "bundle/readme.h"
#include "manifests/caps.h"
#include "manifests/sums.h"
#include "pack/create.h"

/* Kept free on every medium for signatures that come later. */
#define SIGNATURE_ROOM MIB

/* A volume's entry takes less than 400 bytes: as many as there may be leave room for all else. */
_Static_assert((uint64_t)CAP_VOLUMES * 400 + MIB <= CAP_MANIFEST, "the manifest may pass its cap");

static enum status
write_fixed(struct creation *c, const char *name, const void *data, size_t len,
    struct transport_file *out, struct diag *d)
{
	enum status st;

	out->size = len;
	if ((st = digest_sha512(data, len, out->digest, d)) != ST_OK)
		return st;
	return file_put(c->outdir.stage, name, 0666, data, len, d);
}

/* SHA512SUMS: payload volumes in stream order; SHA256SUMS: every file. */
static enum status
write_sums(struct creation *c, struct diag *d)
{
	char name[TRANSPORT_NAME_MAX];
	struct bytes b = { 0 };
	enum status st;
	size_t i;

	for (i = 0; i < c->payload.n; i++)
		sums_line(c->payload.sums[i], SHA512_LEN,
		    transport_name_payload(name, 0, i), &b);
	st = b.failed ? diag_nomem(d) : write_fixed(c, "SHA512SUMS", b.data, b.len,
	    &c->transport.sums[0], d);
	bytes_free(&b);
	if (st != ST_OK)
		return st;
	sums_files(&c->contents, &b);
	st = b.failed ? diag_nomem(d) : write_fixed(c, "SHA256SUMS", b.data, b.len,
	    &c->transport.sums[1], d);
	bytes_free(&b);
	return st;
}

/* Bytes that every medium carries beside its volumes; the manifest at its greatest. */
static uint64_t
common_size(struct creation *c)
{
	struct bytes b = { 0 };
	uint64_t size;
	size_t i;

	for (i = 0; i < c->payload.n; i++)
		c->payload.volumes[i].medium = CAP_MEDIA;
	c->transport.n_media = CAP_MEDIA;
	transport_emit(&c->transport, &b);
	size = b.len + SIGNATURE_ROOM + c->transport.readme.size +
	    c->lane.contents.size;
	bytes_free(&b);
	if (c->transport.portable)
		size += c->transport.sums[0].size + c->transport.sums[1].size;
	for (i = 0; i < c->run.n_keys; i++)
		size += c->run.keys[i].file.size;
	return size;
}

/* Fill the media in stream order. */
static enum status
assign_media(struct creation *c, struct diag *d)
{
	uint64_t common = common_size(c), room, used = 0;
	uint32_t medium = 1;
	size_t i;

	room = c->options->media_size == 0 ? UINT64_MAX :
	    c->options->media_size <= common ? 0 : c->options->media_size - common;
	for (i = 0; i < c->payload.n; i++) {
		struct transport_volume *v = &c->payload.volumes[i];

		if (v->size > room) {
			char want[32];

			diag_set(d, ST_USAGE, "media-size",
			    "a medium of %" PRIu64 " bytes cannot hold a volume of %" PRIu64
			    " bytes and the %s that every medium carries",
			    c->options->media_size, v->size, size_format(want, common));
			diag_hint(d, "choose a greater --media-size or a smaller --volume-size");
			return ST_USAGE;
		}
		if (v->size > room - used) {
			medium++;
			used = 0;
		}
		v->medium = medium;
		used += v->size;
	}
	c->transport.n_media = medium;
	return ST_OK;
}

enum status
create_compose(struct creation *c, struct diag *d)
{
	enum status st;

	st = write_fixed(c, "README.txt", readme_text, readme_text_len,
	    &c->transport.readme, d);
	if (st != ST_OK)
		return st;
	if (c->transport.portable && (st = write_sums(c, d)) != ST_OK)
		return st;
	if ((st = assign_media(c, d)) != ST_OK)
		return st;
	transport_emit(&c->transport, &c->manifest);
	if (c->manifest.failed)
		return diag_nomem(d);
	return outdir_spread(&c->outdir, &c->transport, d);
}
