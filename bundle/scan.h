/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scan - read a list of volumes once, in order: each chunk is read, its digest
 * checked, and, where a key and a reader ask for it, unsealed in the same
 * worker.  The twin of bundle/writer.h.
 */
#ifndef SATCHEL_BUNDLE_SCAN_H
#define SATCHEL_BUNDLE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle/findings.h"
#include "bundle/later.h"
#include "bundle/progress.h"
#include "bundle/seal.h"
#include "bundle/volume.h"

/* One volume on one medium. */
struct scan_item {
	int dirfd;
	char name[TRANSPORT_NAME_MAX];
	char label[512];		/* as findings name it: "medium-02/payload-00.000003" */
	struct volume_place place;
	const struct transport_volume *want;
	uint64_t stream_chunks;		/* of the whole stream, in all its volumes */
	const struct seal_params *open;	/* NULL: check stored bytes only */
};

struct scan_params {
	const struct scan_item *items;
	size_t n_items;
	uint64_t max_stored;
	uint32_t chunk_size;
	uint32_t padding;		/* 0: not encrypted */
	bool portable;
	unsigned jobs;
	struct findings *findings;	/* damage is added here, and the scan goes on */
	const struct progress *progress;	/* may be NULL */
};

struct scan;

/* scan_open - start; the caller keeps what p points to until scan_close(). */
enum status scan_open(const struct scan_params *p, struct scan **out,
    struct diag *d) __attribute__((warn_unused_result));

/*
 * scan_next - the plain bytes of the next chunk of items with `open`, valid
 * until the next call; *buf == NULL at the end of all items.  Items without
 * `open` are checked on the way.  After a chunk that could not be delivered the
 * scan delivers no more; its error is in findings and is what is returned.
 */
enum status scan_next(struct scan *s, const uint8_t **buf, size_t *len,
    struct diag *d) __attribute__((warn_unused_result));

/*
 * scan_later - do something with bytes of the chunk that scan_next() gave last, in a worker, which
 * keeps the chunk for so long; at once where there is but one.  What fails is told by one of the
 * next calls of scan_later(), scan_next() and scan_settle().
 */
enum status scan_later(struct scan *s, const struct later *l, struct diag *d)
    __attribute__((warn_unused_result));
/* scan_settle - wait, or work, until all that scan_later() was given is done. */
enum status scan_settle(struct scan *s, struct diag *d)
    __attribute__((warn_unused_result));

/*
 * scan_rest - check all that is left without delivering anything, so that every damaged chunk
 * is named.  Returns ST_OK, or ST_INTERRUPTED; damage is in findings.
 */
enum status scan_rest(struct scan *s, struct diag *d)
    __attribute__((warn_unused_result));

void scan_close(struct scan *s);

#endif
