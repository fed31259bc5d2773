/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * readback - the bundle as it lies on the medium, read by the code that the
 * other side uses: digests, keys, commitments, tar, every file's digest.
 */
#include <stdio.h>
#include <string.h>

#include "bundle/media.h"
#include "bundle/open.h"
#include "bundle/trust.h"
#include "pack/create.h"

/* What must not happen: the other side would refuse what was just written. */
static void
explain(enum status st, struct diag *d)
{
	if (st == ST_INTERRUPTED || st == ST_HOST)
		return;
	diag_within(d, "reading the bundle back");
	diag_hint(d, "the medium does not hold what was written to it; nothing was kept: try another medium");
}

enum status
create_read_back(struct creation *c, struct diag *d)
{
	struct verified_manifest *v = NULL;
	struct opened *o = NULL;
	struct media *m = NULL;
	struct open_params p;
	enum status st;

	console_step(c->console, "reading back what was written");
	if ((st = trust_own(&c->manifest, &v, d)) != ST_OK)
		goto out;
	if ((st = outdir_media(&c->outdir, &c->manifest, &m, d)) != ST_OK)
		goto out;
	memset(&p, 0, sizeof(p));
	p.media = m;
	p.jobs = c->options->common.jobs;
	p.findings = c->findings;
	p.progress = &c->console->progress;
	console_progress_start(c->console, "reading back");
	if ((st = media_check_small(m, verified_transport(v), c->findings, d)) != ST_OK)
		goto out;
	if ((st = open_with_key(v, 0, c->key, &o, d)) != ST_OK)
		goto out;
	if ((st = open_contents(o, &p, true, d)) != ST_OK)
		goto out;
	if ((st = open_payload(o, &p, NULL, d)) != ST_OK)
		goto out;
	if ((st = c->findings->worst) != ST_OK)
		diag_set(d, st, "read-back", "it differs from what was written");
out:
	console_progress_end(c->console);
	if (st != ST_OK)
		explain(st, d);
	opened_free(o);
	media_free(m);
	verified_free(v);
	return st;
}
