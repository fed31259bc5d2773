/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options - the table of satchel-pack's commands and options, and what must hold
 * between them.  It opens nothing.
 */
#include "pack/options.h"

#include <string.h>

#include "manifests/caps.h"

enum {
	OPT_OUTPUT = OPT_OWN, OPT_SIGN, OPT_RECIPIENT, OPT_NO_ENCRYPTION,
	OPT_VOLUME_SIZE, OPT_MEDIA_SIZE, OPT_LEVEL, OPT_PORTABLE, OPT_PAD,
	OPT_HIDE_RECIPIENTS, OPT_DRY_RUN, OPT_DEREFERENCE, OPT_NO_READ_BACK,
	OPT_DIRECTORY, OPT_UNSIGNED, OPT_ORIGINATOR, OPT_OPENING, OPT_EXPECT,
	OPT_CONTENT,
};

#define INIT (1U << PACK_INIT)
#define CREATE (1U << PACK_CREATE)
#define SIGN (1U << PACK_SIGN)

/* 4 GiB less 64 KiB: the greatest round size that FAT32 takes. */
#define DEFAULT_VOLUME (4 * GIB - 64 * KIB)
#define DEFAULT_LEVEL 3
#define DEFAULT_PADDING 4096
#define MIN_VOLUME (64 * KIB)
/* How many volumes a medium holds at least, where only its size was given. */
#define VOLUMES_PER_MEDIUM 8

static const struct verb_spec verbs[] = {
	[PACK_INIT] = { "init", "DIR",
	    "Draft a handoff from a folder: what is a model, what a suite.", 1, 1 },
	[PACK_CREATE] = { "create", "HANDOFF.yaml",
	    "Gather, describe, compress, encrypt, write volumes, sign.", 1, 1 },
	[PACK_SIGN] = { "sign", "BUNDLE...",
	    "Add a signature to a finished bundle, after checking every volume.", 1, 4096 },
};

static const struct option_spec table[] = {
	{ OPT_OUTPUT, 'o', "output", "PATH", false, INIT | CREATE | SIGN, COMPLETES_FILE,
	    "where the draft, the bundle or the signature goes" },
	{ OPT_SIGN, 's', "sign", "FPR|EMAIL", true, CREATE | SIGN, COMPLETES_NOTHING,
	    "signer; create: may be repeated" },
	{ OPT_RECIPIENT, 'r', "recipient", "FPR|EMAIL", true, CREATE, COMPLETES_NOTHING,
	    "encrypt to this key; may be repeated" },
	{ OPT_NO_ENCRYPTION, 0, "no-encryption", NULL, false, CREATE, COMPLETES_NOTHING,
	    "leave the bundle in clear" },
	{ OPT_VOLUME_SIZE, 'S', "volume-size", "SIZE", false, CREATE, COMPLETES_NOTHING,
	    "greatest volume; B, KiB, MiB, GiB or TiB; at least 64KiB" },
	{ OPT_MEDIA_SIZE, 0, "media-size", "SIZE", false, CREATE, COMPLETES_NOTHING,
	    "group the volumes in medium-01, medium-02, ..." },
	OPTION_ROW_JOBS,
	{ OPT_LEVEL, 'l', "level", "N", false, CREATE, COMPLETES_NOTHING,
	    "compression, 1 to 19; default 3" },
	{ OPT_PORTABLE, 0, "portable", NULL, false, CREATE, COMPLETES_NOTHING,
	    "a bundle that stock tools open; needs --no-encryption" },
	{ OPT_PAD, 0, "pad", "SIZE", false, CREATE, COMPLETES_NOTHING,
	    "pad the data of each chunk to a multiple; default 4KiB" },
	{ OPT_HIDE_RECIPIENTS, 0, "hide-recipients", NULL, false, CREATE, COMPLETES_NOTHING,
	    "do not show to whom it is encrypted" },
	{ OPT_DRY_RUN, 'n', "dry-run", NULL, false, CREATE, COMPLETES_NOTHING,
	    "say what would be packed, and write nothing" },
	{ OPT_DEREFERENCE, 0, "dereference", NULL, false, CREATE, COMPLETES_NOTHING,
	    "follow symbolic links that stay inside the component's tree" },
	{ OPT_NO_READ_BACK, 0, "no-read-back", NULL, false, CREATE, COMPLETES_NOTHING,
	    "do not read the written volumes back" },
	{ OPT_DIRECTORY, 'C', "directory", "DIR", false, CREATE, COMPLETES_DIRECTORY,
	    "component paths are relative to DIR; default: the handoff's folder" },
	{ OPT_UNSIGNED, 0, "unsigned", NULL, false, CREATE, COMPLETES_NOTHING,
	    "leave the signature to satchel-pack sign" },
	{ OPT_ORIGINATOR, 0, "originator", "FPR", false, CREATE, COMPLETES_NOTHING,
	    "with --unsigned: who will sign first" },
	{ OPT_OPENING, 0, "opening", "FILE", false, CREATE, COMPLETES_FILE,
	    "write content manifest and opener to FILE for a second signer" },
	{ OPT_EXPECT, 0, "expect", "DIGEST", false, SIGN, COMPLETES_NOTHING,
	    "the bundle digest, where nobody can be asked" },
	{ OPT_CONTENT, 0, "content", "FILE", false, SIGN, COMPLETES_FILE,
	    "create's --opening file: check it, and show the content" },
	OPTION_ROW_QUIET("no steps and no progress bar"),
	OPTION_ROWS_LAST,
};

const struct program_spec pack_program = {
	.name = "satchel-pack",
	.summary = "pack models and benchmark suites into a signed, encrypted bundle",
	.verbs = verbs,
	.n_verbs = sizeof(verbs) / sizeof(verbs[0]),
	.options = table,
	.n_options = sizeof(table) / sizeof(table[0]),
};

static enum status
usage(struct diag *d, const char *rule, const char *text, const char *hint)
{
	diag_set(d, ST_USAGE, rule, "%s", text);
	diag_hint(d, "%s", hint);
	return ST_USAGE;
}

static enum status
read_size(const struct options *v, int id, uint64_t min, uint64_t max,
    uint64_t *out, struct diag *d)
{
	const char *s = options_get(v, id);

	if (s == NULL)
		return ST_OK;
	if (size_parse(s, out) == -1) {
		diag_set(d, ST_USAGE, "size", "not a size: %s", ESC(s));
		diag_hint(d, "an integer and B, KiB, MiB, GiB or TiB, as in 4GiB");
		return ST_USAGE;
	}
	if (*out < min || *out > max) {
		char lo[32], hi[32];

		return diag_set(d, ST_USAGE, "size",
		    "a size of %s is out of range: %s to %s", ESC(s),
		    size_format(lo, min), size_format(hi, max));
	}
	return ST_OK;
}

/* Who signs, who reads. */
static enum status
check_people(const struct options *v, struct pack_options *o, struct diag *d)
{
	bool is_unsigned = options_has(v, OPT_UNSIGNED);

	if (o->recipients->n == 0 && o->encrypt)
		return usage(d, "no-recipient",
		    "nobody to encrypt to: everyone who holds the media could read the bundle",
		    "name each recipient with -r FPR|EMAIL, or say --no-encryption");
	if (o->recipients->n > 0 && !o->encrypt)
		return usage(d, "recipient-in-clear",
		    "-r and --no-encryption exclude each other", "drop one of them");
	if (o->recipients->n > CAP_RECIPIENTS)
		return usage(d, "recipients", "more than 256 recipients",
		    "encrypt to a key that they share");
	if (is_unsigned && o->signers->n > 0)
		return usage(d, "unsigned", "-s and --unsigned exclude each other",
		    "drop one of them");
	if (!is_unsigned && o->signers->n == 0)
		return usage(d, "no-signer",
		    "nobody to sign: an unsigned bundle proves nothing",
		    "name the signer with -s FPR|EMAIL; or say --unsigned --originator FPR and sign later with satchel-pack sign");
	if (is_unsigned && o->originator == NULL)
		return usage(d, "no-originator",
		    "--unsigned needs --originator FPR: who will sign first",
		    "give the primary fingerprint of the first signer");
	if (!is_unsigned && o->originator != NULL)
		return usage(d, "originator",
		    "--originator goes with --unsigned; with -s the first signer is the originator",
		    "drop it");
	if (o->hide_recipients && !o->encrypt)
		return usage(d, "hide-recipients",
		    "--hide-recipients has no recipients to hide", "drop it");
	return ST_OK;
}

static enum status
read_create(const struct options *v, struct pack_options *o, struct diag *d)
{
	uint64_t n = DEFAULT_LEVEL, pad = DEFAULT_PADDING;
	enum status st;

	o->handoff = v->operands[0];
	o->recipients = &v->values[OPT_RECIPIENT];
	o->encrypt = !options_has(v, OPT_NO_ENCRYPTION);
	o->portable = options_has(v, OPT_PORTABLE);
	o->hide_recipients = options_has(v, OPT_HIDE_RECIPIENTS);
	o->dry_run = options_has(v, OPT_DRY_RUN);
	o->dereference = options_has(v, OPT_DEREFERENCE);
	o->read_back = !options_has(v, OPT_NO_READ_BACK);
	o->directory = options_get(v, OPT_DIRECTORY);
	o->originator = options_get(v, OPT_ORIGINATOR);
	o->opening = options_get(v, OPT_OPENING);
	if (o->output == NULL && !o->dry_run)
		return usage(d, "no-output", "nowhere to put the bundle",
		    "name a directory that is absent or empty with -o DIR");
	if ((st = check_people(v, o, d)) != ST_OK)
		return st;
	if (o->portable && o->encrypt)
		return usage(d, "portable",
		    "--portable needs --no-encryption: stock tools cannot decrypt a bundle",
		    "drop --portable, or say --no-encryption");
	if (options_has(v, OPT_PAD) && !o->encrypt)
		return usage(d, "pad", "--pad has no use without encryption", "drop it");
	st = read_size(v, OPT_PAD, DEFAULT_PADDING, CAP_PAD_MAX, &pad, d);
	if (st != ST_OK)
		return st;
	o->padding = o->encrypt ? (uint32_t)pad : 0;
	st = options_number(v, OPT_LEVEL, "--level", 1, 19, &n, d);
	if (st != ST_OK)
		return st;
	o->level = (int)n;
	st = read_size(v, OPT_MEDIA_SIZE, 2 * MIB, INT64_MAX, &o->media_size, d);
	if (st != ST_OK)
		return st;
	o->volume_size = DEFAULT_VOLUME;
	if (o->media_size != 0 && o->media_size / VOLUMES_PER_MEDIUM < DEFAULT_VOLUME) {
		o->volume_size = o->media_size / VOLUMES_PER_MEDIUM;
		o->volume_size -= o->volume_size % MIN_VOLUME;
	}
	st = read_size(v, OPT_VOLUME_SIZE, MIN_VOLUME, CAP_VOLUME_SIZE,
	    &o->volume_size, d);
	if (st == ST_OK && o->media_size != 0 &&
	    o->volume_size > o->media_size - MIB)
		return usage(d, "media-size",
		    "a volume of --volume-size does not fit on a medium of --media-size",
		    "every medium also carries the contents, and keeps 1 MiB free for signatures: choose a smaller --volume-size");
	return st;
}

static enum status
read_sign(const struct options *v, struct pack_options *o, struct diag *d)
{
	o->bundles = v->operands;
	o->n_bundles = v->n_operands;
	o->expect = options_get(v, OPT_EXPECT);
	o->content = options_get(v, OPT_CONTENT);
	if (o->signers->n != 1)
		return usage(d, "no-signer", "sign needs one signer",
		    "name the signer with -s FPR|EMAIL; one person, one call");
	return ST_OK;
}

enum status
pack_options_read(const struct options *v, struct pack_options *o, struct diag *d)
{
	enum status st;

	memset(o, 0, sizeof(*o));
	st = options_read_common(v, &o->common, d);
	if (st != ST_OK || o->common.help || o->common.version)
		return st;
	o->verb = (enum pack_verb)v->verb;
	o->output = options_get(v, OPT_OUTPUT);
	o->signers = &v->values[OPT_SIGN];
	switch (o->verb) {
	case PACK_INIT:
		o->directory = v->operands[0];
		return ST_OK;
	case PACK_CREATE:
		return read_create(v, o, d);
	case PACK_SIGN:
		return read_sign(v, o, d);
	}
	return ST_INTERNAL;
}
