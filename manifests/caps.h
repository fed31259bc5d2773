/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * caps - every limit on what comes from outside, each with its reason.
 * A policy may lower them; nothing raises them.
 */
#ifndef SATCHEL_MANIFESTS_CAPS_H
#define SATCHEL_MANIFESTS_CAPS_H

#include <stdint.h>

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define TIB ((uint64_t)1 << 40)

/* Documents. */
#define CAP_MANIFEST (32 * MIB)		/* 65,535 volumes at under 300 bytes, and the keys */
#define CAP_HANDOFF (16 * MIB)		/* YAML that a person writes */
#define CAP_CONTENTS (1 * GIB)		/* content manifest: read into memory whole */
#define CAP_FILES 4194304U		/* files of one content manifest; also directories */
#define CAP_COMPONENTS 4096U		/* components of one handoff */
#define CAP_LIST 4096U			/* items of one list in a component (command, needs, ...) */
#define CAP_TEXT 1024U			/* bytes of one free text field */
#define CAP_YAML_DEPTH 8U		/* libyaml 0.2.5 is quadratic in depth, and has no limit */
#define CAP_YAML_KEYS 1024U		/* keys of one map: duplicates are found by comparison */
#define CAP_YAML_SCALAR (64 * KIB)	/* bytes of one scalar */
#define CAP_README (64 * KIB)
#define CAP_SUMS (1 * GIB)		/* SHA512SUMS and SHA256SUMS of a portable bundle */
#define CAP_OPENING (CAP_CONTENTS + KIB)

/* Names. */
#define CAP_PATH 1024U			/* bytes of a path below data/ */
#define CAP_COMPONENT 255U		/* NAME_MAX of every file system in use */
#define CAP_DEPTH 32U			/* components of a path */
#define CAP_TITLE 32U			/* title and control number, in characters */

/* Signatures, keys and certificates. */
#define CAP_SIGNATURE (16 * KIB)	/* 20,000 signatures in one file cost gpg 34 s */
#define CAP_PINNED 256U			/* fingerprints of a trust file; signers of a manifest */
#define CAP_TRUST_FILE (16 * MIB)	/* certificates */
#define CAP_WRAPPED_KEY (16 * KIB)
#define CAP_RECIPIENTS 256U

/* Volumes. */
#define CAP_LANES 100U			/* two digits in a name */
#define CAP_RUNS 1000U
#define CAP_VOLUMES 65535U		/* of a lane */
#define CAP_MEDIA 65535U
#define CAP_VOLUME_SIZE (1 * TIB)
#define CAP_VOLUME_CHUNKS ((uint64_t)1 << 20)
#define CAP_CHUNK_MIN (16 * KIB)	/* a chunk is a multiple of one leaf */
#define CAP_CHUNK_MAX (16 * MIB)
#define CAP_PAD_MAX (16 * MIB)
#define CAP_STORED_EXTRA (1 * KIB)	/* stored chunk: chunk size + padding + this */
#define CAP_WINDOW_LOG 24		/* zstd window 16 MiB */
#define CAP_JOBS 64U

/* gpg. */
#define CAP_GPG_SECONDS 25		/* of a run that waits for no person */
#define CAP_PIN_SECONDS 600		/* a person looks for the card */
#define CAP_CLOCK_AHEAD 86400		/* seconds a signature may lie in the future */

#endif
