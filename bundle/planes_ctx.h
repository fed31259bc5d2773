/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * planes_ctx - what the halves of the planes codec share: the format's numbers
 * and one thread's room.  Nobody else includes this.
 */
#ifndef SATCHEL_BUNDLE_PLANES_CTX_H
#define SATCHEL_BUNDLE_PLANES_CTX_H

#include <stddef.h>
#include <stdint.h>

#include "bundle/entropy.h"
#include "bundle/frame.h"
#include "bundle/planes_probe.h"
#include "bundle/planes_split.h"
#include "manifests/caps.h"
#include "manifests/diag.h"

#define PLANES_PIECE_HEADER 6U		/* kind, head, length */
#define PLANES_RECORD_MIN 2U		/* bytes of a record */
#define PLANES_RECORD_MAX 255U
#define PLANES_CELLS (CAP_CHUNK_MAX / PROBE_CELL)
#define PLANES_SAMPLE_BYTES (PLANES_MAX * PROBE_SAMPLE)

/* How one plane is stored. */
enum planes_mode {
	PLANES_RAW = 0,
	PLANES_CONSTANT = 1,
	PLANES_FRAME = 2,
	PLANES_DISTANCES = 3,	/* of words only */
};

/* What to do with a stretch. */
enum planes_verdict {
	PLAN_STORE,		/* nothing makes it smaller */
	PLAN_PLANES,
	PLAN_MATCHES,		/* zstd -3 on the bytes as they lie */
	PLAN_EITHER,		/* planes or zstd -3: only trying tells */
};

/*
 * head      bytes in front of the first element
 * n         elements
 * mode      of each plane; a plane meant to be constant may turn out not to be
 * matches   whether a frame of the plane should look for repetition
 */
struct planes_plan {
	enum planes_verdict verdict;
	const struct planes_layout *layout;
	size_t head;
	size_t n;
	enum planes_mode mode[PLANES_MAX];
	int matches[PLANES_MAX];
};

/* Cells that look alike: plain[at .. end). */
struct planes_run {
	size_t at;
	size_t end;
	struct planes_plan plan;
};

/*
 * frame  borrowed
 * arena  room for planes while a piece is worked on; used counts from its
 *        start and goes back to 0 with each piece
 */
struct planes_ctx {
	struct probe *probe;
	struct entropy_ctx *entropy;
	struct frame_ctx *frame;
	uint8_t *arena;
	size_t arena_len;
	size_t used;
	struct probe_cell cell[PLANES_CELLS];
	struct planes_run run[PLANES_CELLS];
	uint8_t tile[PLANES_MAX][PLANES_TILE + 1];
	uint8_t sample[PLANES_SAMPLE_BYTES];	/* elements of a sample */
	uint8_t sampled[PLANES_SAMPLE_BYTES];	/* their planes */
};

/* planes_reserve - room for a chunk of len bytes.  Errors: ST_HOST. */
enum status planes_reserve(struct planes_ctx *c, size_t len, struct diag *d)
    __attribute__((warn_unused_result));

/* planes_take - n bytes of the arena; NULL where they are not left, which is our error. */
uint8_t *planes_take(struct planes_ctx *c, size_t n);

#endif
