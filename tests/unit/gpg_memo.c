/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gpg_memo - see gpg_memo.h.
 */
#include "tests/unit/gpg_memo.h"

#include <stdlib.h>
#include <string.h>

#include "bundle/crypto.h"
#include "bundle/gpg.h"
#include "bundle/helper.h"

/* The linker puts the first of each pair in the place of the second's callers. */
enum status __wrap_gpg_verify(const struct gpg_trust *t, const uint8_t *doc,
    size_t len, struct gpg_candidate *c, size_t n, bool allow_expired_key,
    struct diag *d);
enum status __real_gpg_verify(const struct gpg_trust *t, const uint8_t *doc,
    size_t len, struct gpg_candidate *c, size_t n, bool allow_expired_key,
    struct diag *d);
enum status __wrap_gpg_unwrap(const struct gpg_wrapped *w, size_t n, bool hidden,
    uint8_t *msg, size_t msg_len, size_t *used, struct diag *d);
enum status __real_gpg_unwrap(const struct gpg_wrapped *w, size_t n, bool hidden,
    uint8_t *msg, size_t msg_len, size_t *used, struct diag *d);
enum status __wrap_gpg_trust_load(struct bytes *data, struct gpg_trust **out,
    struct diag *d);
enum status __real_gpg_trust_load(struct bytes *data, struct gpg_trust **out,
    struct diag *d);

/* What was answered to a question, which is known by its digest. */
struct answer {
	uint8_t question[SHA512_LEN];
	enum status status;
	struct diag why;
	uint32_t created;
	bool key_expired_since;
	uint8_t msg[KEY_MESSAGE_LEN];
	size_t used;
	struct gpg_trust *trust;
};

static struct answer *answers;
static size_t n_answers, room, asked;

/* Answers lie where the first bytes of their question say, or behind that. */
static struct answer *
slot(const uint8_t question[SHA512_LEN])
{
	size_t i;

	memcpy(&i, question, sizeof(i));
	for (i %= room; answers[i].status != ST_INTERNAL; i = (i + 1) % room)
		if (memcmp(answers[i].question, question, SHA512_LEN) == 0)
			break;
	return &answers[i];
}

static const struct answer *
find(const uint8_t question[SHA512_LEN])
{
	const struct answer *a = room == 0 ? NULL : slot(question);

	return a != NULL && a->status != ST_INTERNAL ? a : NULL;
}

/* keep - a place for a new answer.  Without memory there is nothing to test. */
static struct answer *
keep(const uint8_t question[SHA512_LEN])
{
	struct answer *old = answers, *a;
	size_t i, n = room;

	if (2 * n_answers >= room) {
		room = room == 0 ? 256 : 2 * room;
		if ((answers = calloc(room, sizeof(*answers))) == NULL)
			abort();
		for (i = 0; i < room; i++)
			answers[i].status = ST_INTERNAL;	/* empty */
		for (i = 0; i < n; i++)
			if (old[i].status != ST_INTERNAL)
				*slot(old[i].question) = old[i];
		free(old);
	}
	a = slot(question);
	if (a->status == ST_INTERNAL)
		n_answers++;
	memcpy(a->question, question, SHA512_LEN);
	return a;
}

static void
add(struct bytes *b, const void *data, size_t len)
{
	uint64_t n = len;

	bytes_append(b, &n, sizeof(n));
	bytes_append(b, data, len);
}

/* Memory may be what the test lets run out (failmem.h). */
static enum status
close_question(struct bytes *b, uint8_t question[SHA512_LEN], struct diag *d)
{
	enum status st = b->failed ? diag_nomem(d) :
	    digest_sha512(b->data, b->len, question, d);

	bytes_free(b);
	return st;
}

static enum status
ask_verify(const struct gpg_trust *t, const uint8_t *doc, size_t len,
    const struct gpg_candidate *c, bool allow, uint8_t question[SHA512_LEN],
    struct diag *d)
{
	struct bytes b = { 0 };

	add(&b, t->data.data, t->data.len);
	add(&b, doc, len);
	add(&b, c->fpr, strlen(c->fpr));
	add(&b, c->data, c->len);
	add(&b, &allow, sizeof(allow));
	return close_question(&b, question, d);
}

/* Whether gpg has to be asked about such a file at all. */
static bool
reaches_gpg(const struct gpg_candidate *c)
{
	struct packet_signature p;
	struct diag d = DIAG_INIT;

	return packet_parse_signature(c->data, c->len, &p, &d) == ST_OK;
}

static void
remember(const struct gpg_candidate *c, const uint8_t question[SHA512_LEN])
{
	struct answer *a;

	if ((c->status != ST_OK && c->status != ST_UNTRUSTED) || !reaches_gpg(c))
		return;
	a = keep(question);
	a->status = c->status;
	a->why = c->why;
	a->created = c->created;
	a->key_expired_since = c->key_expired_since;
}

enum status
__wrap_gpg_verify(const struct gpg_trust *t, const uint8_t *doc, size_t len,
    struct gpg_candidate *c, size_t n, bool allow_expired_key, struct diag *d)
{
	struct gpg_candidate *rest = calloc(n + 1, sizeof(*rest));
	uint8_t (*questions)[SHA512_LEN] = calloc(n + 1, sizeof(*questions));
	size_t *which = calloc(n + 1, sizeof(*which)), i, left = 0;
	const struct answer *a;
	enum status st = ST_OK;

	if (rest == NULL || questions == NULL || which == NULL)
		st = diag_nomem(d);
	for (i = 0; i < n && st == ST_OK; i++) {
		st = ask_verify(t, doc, len, &c[i], allow_expired_key, questions[i], d);
		if (st != ST_OK)
			break;
		if ((a = find(questions[i])) == NULL) {
			rest[left] = c[i];
			which[left++] = i;
			continue;
		}
		c[i].status = a->status;
		c[i].why = a->why;
		c[i].created = a->created;
		c[i].key_expired_since = a->key_expired_since;
	}
	if (left > 0 && st == ST_OK)
		st = __real_gpg_verify(t, doc, len, rest, left,
		    allow_expired_key, d);
	for (i = 0; i < left && st == ST_OK; i++) {
		asked += reaches_gpg(&rest[i]);
		c[which[i]] = rest[i];
		remember(&rest[i], questions[which[i]]);
	}
	free(which);
	free(questions);
	free(rest);
	return st;
}

enum status
__wrap_gpg_unwrap(const struct gpg_wrapped *w, size_t n, bool hidden,
    uint8_t *msg, size_t msg_len, size_t *used, struct diag *d)
{
	uint8_t question[SHA512_LEN];
	struct bytes b = { 0 };
	struct answer *kept;
	const struct answer *a;
	enum status st;
	size_t i;

	for (i = 0; i < n; i++) {
		add(&b, w[i].recipient, strlen(w[i].recipient));
		add(&b, w[i].data, w[i].len);
	}
	add(&b, &hidden, sizeof(hidden));
	if ((st = close_question(&b, question, d)) != ST_OK)
		return st;
	if (msg_len == KEY_MESSAGE_LEN && (a = find(question)) != NULL) {
		memcpy(msg, a->msg, msg_len);
		*used = a->used;
		return a->status;
	}
	asked++;
	st = __real_gpg_unwrap(w, n, hidden, msg, msg_len, used, d);
	if (st == ST_OK && msg_len == KEY_MESSAGE_LEN) {
		kept = keep(question);
		kept->status = st;
		kept->used = *used;
		memcpy(kept->msg, msg, msg_len);
	}
	return st;
}

/* A copy of a trust but for the file that it was made of; NULL out of memory. */
static struct gpg_trust *
copy_trust(const struct gpg_trust *t)
{
	struct gpg_trust *copy = calloc(1, sizeof(*copy));
	struct gpg_cert *cert;
	size_t i;

	if (copy == NULL ||
	    (copy->certs = calloc(t->n, sizeof(*copy->certs))) == NULL) {
		free(copy);
		return NULL;
	}
	for (i = 0; i < t->n; i++) {
		cert = &copy->certs[i];
		*cert = t->certs[i];
		cert->keyids = calloc(cert->n_keyids, sizeof(*cert->keyids));
		memset(&cert->data, 0, sizeof(cert->data));
		bytes_append(&cert->data, t->certs[i].data.data,
		    t->certs[i].data.len);
		copy->n = i + 1;
		if (cert->keyids == NULL || cert->data.failed) {
			gpg_trust_free(copy);
			return NULL;
		}
		memcpy(cert->keyids, t->certs[i].keyids,
		    cert->n_keyids * sizeof(*cert->keyids));
	}
	return copy;
}

enum status
__wrap_gpg_trust_load(struct bytes *data, struct gpg_trust **out, struct diag *d)
{
	uint8_t question[SHA512_LEN];
	struct bytes b = { 0 };
	const struct answer *a;
	struct answer *kept;
	enum status st;

	*out = NULL;
	add(&b, data->data, data->len);
	if ((st = close_question(&b, question, d)) != ST_OK)
		return st;
	if ((a = find(question)) != NULL) {
		if ((*out = copy_trust(a->trust)) == NULL)
			return diag_nomem(d);
		(*out)->data = *data;
		memset(data, 0, sizeof(*data));
		return ST_OK;
	}
	if ((st = __real_gpg_trust_load(data, out, d)) == ST_OK) {
		kept = keep(question);
		kept->status = ST_OK;
		if ((kept->trust = copy_trust(*out)) == NULL)
			abort();
	}
	return st;
}

size_t
gpg_memo_asked(void)
{
	return asked;
}
