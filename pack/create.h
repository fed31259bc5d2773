/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * create - the main job of satchel-pack: a handoff becomes a bundle.  Its steps
 * share struct creation; each step is a room of its own.
 */
#ifndef SATCHEL_PACK_CREATE_H
#define SATCHEL_PACK_CREATE_H

#include <stddef.h>
#include <stdint.h>

#include "bundle/console.h"
#include "bundle/crypto.h"
#include "bundle/direct.h"
#include "bundle/findings.h"
#include "bundle/gpg.h"
#include "bundle/writer.h"
#include "manifests/contents.h"
#include "manifests/handoff.h"
#include "manifests/transport.h"
#include "pack/facts.h"
#include "pack/gather.h"
#include "pack/options.h"
#include "pack/outdir.h"

/* A bundle in the making. */
struct creation {
	const struct pack_options *options;
	struct console *console;
	struct findings *findings;
	struct bytes handoff_text;
	struct handoff *handoff;
	int base;			/* component paths are relative to it */
	struct gathered *gathered;
	struct gpg_cert *signers;	/* the originator first */
	size_t n_signers;
	struct gpg_cert *recipients;
	size_t n_recipients;
	struct contents contents;	/* borrows from handoff and gathered */
	struct facts *facts;		/* found while the files are read */
	struct direct_read *reader;	/* that reads them, while there is one */
	struct transport transport;
	struct transport_lane lane;
	struct transport_run run;
	uint8_t *key;			/* NULL when not encrypted */
	uint8_t opener[OPENER_LEN];
	struct bytes contents_text;
	struct bytes manifest;		/* manifest.yaml */
	struct written payload;
	uint64_t packed;		/* bytes of files read so far */
	struct outdir outdir;
};

/* pack_create - the whole verb. */
enum status pack_create(const struct pack_options *o, struct console *con,
    struct findings *f, struct diag *d) __attribute__((warn_unused_result));

/* people.c: who signs and who reads; fingerprints come out, or a usage error. */
enum status create_find_people(struct creation *c, struct diag *d)
    __attribute__((warn_unused_result));

/* describe.c: the content manifest but for the digests, and the transport manifest's head. */
enum status create_describe(struct creation *c, struct diag *d)
    __attribute__((warn_unused_result));

/* describe.c: the facts by themselves, for a run that packs nothing; records stay uncounted. */
enum status create_look(struct creation *c, struct diag *d)
    __attribute__((warn_unused_result));

/* stream.c: key, payload volumes, contents file; digests and facts are filled in. */
enum status create_write_keys(struct creation *c, struct diag *d)
    __attribute__((warn_unused_result));
enum status create_write_payload(struct creation *c, struct diag *d)
    __attribute__((warn_unused_result));
enum status create_write_contents(struct creation *c, struct diag *d)
    __attribute__((warn_unused_result));

/* compose.c: README and lists, media numbers, and the manifest's text. */
enum status create_compose(struct creation *c, struct diag *d)
    __attribute__((warn_unused_result));

/* readback.c: what was written, read by the code that unpack uses. */
enum status create_read_back(struct creation *c, struct diag *d)
    __attribute__((warn_unused_result));

/* publish.c: whether --opening can be written, and not where it would travel with the media. */
enum status create_check_opening(const struct creation *c, struct diag *d)
    __attribute__((warn_unused_result));

/* publish.c: opening, signatures, and manifest.yaml last. */
enum status create_publish(struct creation *c, struct diag *d)
    __attribute__((warn_unused_result));

#endif
