/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * volume - the file that carries chunks: header, guard, chunks, index.  Reading
 * checks everything against the manifest's entry; writing makes that entry.
 * It knows nothing of what a chunk holds.
 */
#ifndef SATCHEL_BUNDLE_VOLUME_H
#define SATCHEL_BUNDLE_VOLUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle/crypto.h"
#include "bundle/seal.h"
#include "manifests/diag.h"
#include "manifests/transport.h"

#define VOLUME_HEADER_LEN 48
#define VOLUME_GUARD_LEN 13
#define VOLUME_ENTRY_LEN 76
#define FRAME_MAGIC_HEADER 0x184D2A53U
#define FRAME_MAGIC_INDEX 0x184D2A54U
#define FRAME_MAGIC_CHUNK 0x184D2A55U

/* Which volume of which bundle. */
struct volume_place {
	uint8_t bundle_id[BUNDLE_ID_LEN];
	enum volume_kind kind;
	uint32_t lane;
	uint32_t number;		/* 0 for contents */
	bool portable;
};

/* volume_min_size - header, guard and index of a volume with that many chunks, without the chunks. */
uint64_t volume_overhead(bool portable, uint64_t n_chunks);

/* A volume opened for reading: its index is authentic. */
struct volume;

/*
 * volume_open - open name below dirfd, read header, guard and index once, and
 * check them against what the manifest says (want).
 * max_stored   transport_max_stored()
 * encrypted    index entries then hold zeros as transform and plain length
 *
 * Errors: ST_INCOMPLETE  absent (rule "missing"), or another's (rule "foreign": its header is
 *                        well formed and names another bundle or volume; text says which);
 *                        BUNDLE.md, "Several media", says exactly when
 *         ST_DAMAGED     size, header, guard or index differ (rules "size", "header", "index")
 *         ST_HOST        no regular file, or cannot be read
 *         ST_MALFORMED   the index is authentic, but against the format (rule "index-...")
 */
enum status volume_open(int dirfd, const char *name, const struct volume_place *place,
    const struct transport_volume *want, uint64_t max_stored, bool encrypted,
    struct volume **out, struct diag *d) __attribute__((warn_unused_result));
void volume_close(struct volume *v);

uint64_t volume_n_chunks(const struct volume *v);
/* The fields of chunk i's entry, and where it lies in the file. */
const struct chunk_fields *volume_fields(const struct volume *v, uint64_t i);
uint64_t volume_chunk_offset(const struct volume *v, uint64_t i);

/*
 * volume_read_chunk - read one stored chunk and check it against the index.
 * buf   at least fields->stored_len bytes
 * Errors: ST_DAMAGED (rule "chunk", or "short"), ST_HOST; the text begins "chunk i".
 * The bytes are authentic once this returns ST_OK, and only then.
 * Threads may read different chunks of one volume at the same time, each with
 * a digest engine of its own.
 */
enum status volume_read_chunk(struct volume *v, uint64_t i, uint8_t *buf,
    struct chunk_digest *g, struct diag *d) __attribute__((warn_unused_result));

/* A volume being written, under a temporary name. */
struct volume_writer;

/*
 * volume_create - start ".part-" + name below dirfd, in place of one that a killed
 * run left.  dirfd stays open until the writer is freed; the caller syncs it.
 * beside   direct_write_new()
 */
enum status volume_create(int dirfd, const char *name,
    const struct volume_place *place, bool beside, struct volume_writer **out,
    struct diag *d) __attribute__((warn_unused_result));
/* volume_append - one stored chunk with its digest. */
enum status volume_append(struct volume_writer *w, const uint8_t *stored,
    const struct chunk_fields *f, const uint8_t digest[SHA512_LEN],
    struct diag *d) __attribute__((warn_unused_result));
/* volume_size_with - size of the file if a chunk of stored_len were appended and it were finished. */
uint64_t volume_size_with(const struct volume_writer *w, uint64_t stored_len);
uint64_t volume_writer_chunks(const struct volume_writer *w);
/*
 * volume_finish - write the index, sync, close, rename to the final name.
 * out    n_chunks, size and index are filled in
 * sum    SHA-512 of the whole file, where not NULL: portable bundles list it,
 *        and only theirs is made (NULL for all others)
 * w is freed whatever happens.
 */
enum status volume_finish(struct volume_writer *w, struct transport_volume *out,
    uint8_t *sum, struct diag *d) __attribute__((warn_unused_result));
/* volume_abort - close and remove the temporary file; accepts NULL. */
void volume_abort(struct volume_writer *w);

#endif
