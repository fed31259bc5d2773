/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * writer - a stream of plain bytes to volumes: cut into chunks, each sealed and
 * digested in a worker, written in order.  The bytes on disk do not depend on
 * the number of threads.  The twin of bundle/scan.h.
 */
#ifndef SATCHEL_BUNDLE_WRITER_H
#define SATCHEL_BUNDLE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "bundle/seal.h"
#include "bundle/volume.h"

struct writer_params {
	struct seal_params seal;
	int dirfd;			/* where volumes are made */
	uint64_t volume_size;		/* greatest size of a volume in bytes */
	unsigned jobs;
};

/* What was written. */
struct written {
	struct transport_volume *volumes;	/* medium is 0 still */
	uint8_t (*sums)[SHA512_LEN];	/* SHA-512 of each whole file (portable only), else NULL */
	size_t n;
};
void written_free(struct written *w);

struct writer;

/*
 * writer_min_volume - the smallest volume that can hold one chunk of such a
 * stream at its bound: header, guard, chunk, one index entry.
 */
uint64_t writer_min_volume(const struct seal_params *p);

enum status writer_open(const struct writer_params *p, struct writer **out,
    struct diag *d) __attribute__((warn_unused_result));

/*
 * writer_room - where the next plain bytes may be put, *len > 0 of them;
 * writer_advance - how many were.  Errors of earlier chunks come out here.
 */
enum status writer_room(struct writer *w, uint8_t **buf, size_t *len,
    struct diag *d) __attribute__((warn_unused_result));
void writer_advance(struct writer *w, size_t len);
/* writer_put - copy len bytes into the stream. */
enum status writer_put(struct writer *w, const void *buf, size_t len,
    struct diag *d) __attribute__((warn_unused_result));

/* writer_finish - the stream ends: at least one byte was put.  Fills *out. */
enum status writer_finish(struct writer *w, struct written *out, struct diag *d)
    __attribute__((warn_unused_result));
/* writer_free - releases everything; a volume that is not whole is removed.  Accepts NULL. */
void writer_free(struct writer *w);

#endif
