/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * digest_mb - SHA-512 of eight leaves at a time by intel-ipsec-mb, where that
 * library was found.  Whether it may serve at all is decided in digest.c.
 */
#ifdef HAVE_IPSEC_MB

#include "bundle/digest_engine.h"

#include <intel-ipsec-mb.h>
#include <stdlib.h>
#include <string.h>

struct leaf_engine {
	IMB_MGR *mgr;
};

struct leaf_engine *
leaf_engine_new(void)
{
	IMB_ARCH arch = IMB_ARCH_NONE;
	struct leaf_engine *e;

	if ((e = calloc(1, sizeof(*e))) == NULL)
		return NULL;
	if ((e->mgr = alloc_mb_mgr(0)) == NULL) {
		leaf_engine_free(e);
		return NULL;
	}
	init_mb_mgr_auto(e->mgr, &arch);
	/* Two lanes of SSE or AVX gain nothing over libcrypto. */
	if ((arch != IMB_ARCH_AVX512 && arch != IMB_ARCH_AVX2) ||
	    imb_get_errno(e->mgr) != 0) {
		leaf_engine_free(e);
		return NULL;
	}
	return e;
}

void
leaf_engine_free(struct leaf_engine *e)
{
	if (e == NULL)
		return;
	if (e->mgr != NULL)
		free_mb_mgr(e->mgr);
	free(e);
}

static void
describe(IMB_JOB *job, const uint8_t *leaf, size_t len, uint8_t *out)
{
	memset(job, 0, sizeof(*job));
	job->cipher_mode = IMB_CIPHER_NULL;
	job->cipher_direction = IMB_DIR_ENCRYPT;
	job->chain_order = IMB_ORDER_HASH_CIPHER;
	job->hash_alg = IMB_AUTH_SHA_512;
	job->src = leaf;
	job->msg_len_to_hash_in_bytes = len;
	job->auth_tag_output = out;
	job->auth_tag_output_len_in_bytes = SHA512_LEN;
}

int
leaf_engine_run(struct leaf_engine *e, const uint8_t *data, size_t len,
    uint8_t *out)
{
	size_t given = 0, done = 0, good = 0, n;
	IMB_JOB *job;

	for (; len > 0; data += n, len -= n, out += SHA512_LEN) {
		n = len < LEAF_LEN ? len : LEAF_LEN;
		describe(IMB_GET_NEXT_JOB(e->mgr), data, n, out);
		given++;
		for (job = IMB_SUBMIT_JOB(e->mgr); job != NULL;
		    job = IMB_GET_COMPLETED_JOB(e->mgr)) {
			done++;
			good += job->status == IMB_STATUS_COMPLETED;
		}
	}
	while ((job = IMB_FLUSH_JOB(e->mgr)) != NULL) {
		done++;
		good += job->status == IMB_STATUS_COMPLETED;
	}
	return done == given && good == given ? 0 : -1;
}

#endif
