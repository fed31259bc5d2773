/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * helper - the parent's side of a bounded child, and the form of its result.
 * What the child does to itself is in helper_child.c.
 */
#include "bundle/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bundle/file.h"
#include "bundle/helper_child.h"
#include "manifests/caps.h"

#define RESULT_MAGIC 0x504C4853U	/* "SHLP" */
#define RESULT_HEADER 8			/* that, and how many bytes follow */
#define REAP_MS 2000			/* SIGKILL needs no longer, but for a process stuck in the kernel */
#define CLEANUP_MS 2000
#define TICK_MS 100			/* a signal just before poll() is seen after this */

static int64_t spent;			/* milliseconds of the shared deadline */

static const char *const own_rules[] = { "", "gpg-missing", "gpg-timeout",
	"gpg-garbage", "gpg-failed", "host-io", "host-memory", "interrupted", NULL };

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
helper_left(void)
{
	int64_t all = (int64_t)CAP_GPG_SECONDS * 1000;

	return spent < all ? all - spent : 0;
}

void
helper_set_left(int64_t ms)
{
	spent = (int64_t)CAP_GPG_SECONDS * 1000 - ms;
}

void
helper_put_u32(struct bytes *b, uint32_t v)
{
	uint8_t raw[4];

	put_le32(raw, v);
	bytes_append(b, raw, sizeof(raw));
}

void
helper_put_bytes(struct bytes *b, const void *data, size_t len)
{
	if (len > UINT32_MAX) {
		b->failed = 1;
		return;
	}
	helper_put_u32(b, (uint32_t)len);
	bytes_append(b, data, len);
}

void
helper_put_string(struct bytes *b, const char *s)
{
	helper_put_bytes(b, s, strlen(s));
}

uint32_t
helper_get_u32(struct helper_reader *r)
{
	uint32_t v;

	if (r->failed || r->len < 4) {
		r->failed = true;
		return 0;
	}
	v = get_le32(r->data);
	r->data += 4;
	r->len -= 4;
	return v;
}

const uint8_t *
helper_get_bytes(struct helper_reader *r, size_t *len)
{
	size_t n = helper_get_u32(r);
	const uint8_t *p;

	*len = 0;
	if (r->failed || n > r->len) {
		r->failed = true;
		return NULL;
	}
	p = r->data;
	r->data += n;
	r->len -= n;
	*len = n;
	return p;
}

void
helper_get_string(struct helper_reader *r, char *buf, size_t cap)
{
	size_t len;
	const uint8_t *p = helper_get_bytes(r, &len);

	buf[0] = '\0';
	if (r->failed || len >= cap || memchr(p, '\0', len) != NULL) {
		r->failed = true;
		return;
	}
	memcpy(buf, p, len);
	buf[len] = '\0';
}

void
helper_put_diag(struct bytes *b, const struct diag *d)
{
	helper_put_string(b, d->text);
	helper_put_string(b, d->hint);
	helper_put_string(b, d->rule == NULL ? "" : d->rule);
}

/* The literal that is spelled so: what a child sends is never kept as a rule itself. */
static const char *
find_rule(const char *const *rules, const char *text)
{
	size_t i;

	for (i = 0; own_rules[i] != NULL; i++)
		if (strcmp(own_rules[i], text) == 0)
			return own_rules[i];
	for (i = 0; rules != NULL && rules[i] != NULL; i++)
		if (strcmp(rules[i], text) == 0)
			return rules[i];
	return NULL;
}

void
helper_get_diag(struct helper_reader *r, const char *const *rules, struct diag *d)
{
	char text[sizeof(d->text)], hint[sizeof(d->hint)], rule[64];

	helper_get_string(r, text, sizeof(text));
	helper_get_string(r, hint, sizeof(hint));
	helper_get_string(r, rule, sizeof(rule));
	if (find_rule(rules, rule) == NULL)
		r->failed = true;
	if (r->failed || d == NULL)
		return;
	diag_set(d, ST_OK, find_rule(rules, rule), "%s", text);
	diag_hint(d, "%s", hint);
}

/* Only what a function in a child may return. */
static bool
is_result(uint32_t st)
{
	return st == ST_OK || st == ST_HOST || st == ST_USAGE ||
	    st == ST_UNTRUSTED || st == ST_MALFORMED || st == ST_INTERNAL ||
	    st == ST_INTERRUPTED;
}

static enum status
timed_out(const struct helper_job *job, struct diag *d)
{
	diag_set(d, ST_HOST, "gpg-timeout", "gpg did not answer within %d seconds",
	    job->person ? CAP_PIN_SECONDS : CAP_GPG_SECONDS);
	diag_hint(d, "see whether gpg and its agent work at all: "
	    "gpg --version, gpgconf --kill gpg-agent");
	return ST_HOST;
}

static enum status
failed(struct diag *d)
{
	diag_set(d, ST_HOST, "gpg-failed",
	    "the helper that runs gpg ended without a result");
	diag_hint(d, "see whether gpg works, and whether memory is short");
	return ST_HOST;
}

/* Take the child's message apart; it must be whole and nothing more. */
static enum status
take_result(const struct helper_job *job, const struct bytes *raw,
    struct bytes *out, struct diag *d)
{
	struct helper_reader r = { raw->data, raw->len, false };
	struct diag theirs = DIAG_INIT;
	const uint8_t *data;
	uint32_t magic = helper_get_u32(&r), rest = helper_get_u32(&r), st;
	size_t len;

	if (r.failed || magic != RESULT_MAGIC || rest != r.len)
		return failed(d);
	st = helper_get_u32(&r);
	helper_get_diag(&r, job->rules, &theirs);
	data = helper_get_bytes(&r, &len);
	if (r.failed || r.len != 0 || !is_result(st) ||
	    len > job->cap || (st != ST_OK && theirs.rule[0] == '\0'))
		return failed(d);
	if (st != ST_OK) {
		if (d != NULL)
			*d = theirs;
		return (enum status)st;
	}
	bytes_append(out, data, len);
	return out->failed ? diag_nomem(d) : ST_OK;
}

/* The child: all of its life. */
static _Noreturn void
child(const struct helper_job *job, pid_t parent, const char *tty, int fd,
    helper_fn fn, void *arg)
{
	struct bytes out = { 0 }, msg = { 0 };
	struct diag d = DIAG_INIT;
	enum status st;
	size_t done = 0;
	ssize_t n;

	if (helper_child_prepare(job, parent, tty, &fd) == -1)
		_exit(1);
	st = fn(arg, &out, &d);
	if (st == ST_OK && out.failed)
		st = diag_nomem(&d);
	helper_put_u32(&msg, RESULT_MAGIC);
	helper_put_u32(&msg, 0);
	helper_put_u32(&msg, (uint32_t)st);
	helper_put_diag(&msg, &d);
	helper_put_bytes(&msg, out.data, st == ST_OK ? out.len : 0);
	bytes_free(&out);
	if (msg.failed || msg.len - RESULT_HEADER > UINT32_MAX)
		_exit(1);
	put_le32(msg.data + 4, (uint32_t)(msg.len - RESULT_HEADER));
	while (done < msg.len) {
		n = write(fd, msg.data + done, msg.len - done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	bytes_free(&msg);
	_exit(0);
}

/*
 * Has all come?  Not left to the end of the pipe alone: what the child started
 * may hold that open.
 */
static bool
is_whole(const struct bytes *raw)
{
	return raw->len >= RESULT_HEADER &&
	    raw->len - RESULT_HEADER >= get_le32(raw->data + 4);
}

/* Read until the result is whole, the child is gone, the deadline, a signal or the cap. */
static enum status
collect(const struct helper_job *job, int fd, int64_t deadline,
    struct bytes *raw, struct diag *d)
{
	size_t cap = job->cap + sizeof(struct diag) + 256;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	enum status st = ST_INTERNAL;
	uint8_t buf[16384];
	int64_t left;
	ssize_t n;

	for (;;) {
		if (!job->cleanup && (st = interrupt_check(d)) != ST_OK)
			break;
		if ((left = deadline - now_ms()) <= 0) {
			st = timed_out(job, d);
			break;
		}
		n = poll(&p, 1, left < TICK_MS ? (int)left : TICK_MS);
		if (n == 0 || (n == -1 && errno == EINTR))
			continue;
		if (n == -1) {
			st = diag_errno(d, "waiting for gpg");
			break;
		}
		n = read(fd, buf, sizeof(buf));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			st = n == 0 ? ST_OK : diag_errno(d, "waiting for gpg");
			break;
		}
		if ((size_t)n > cap - raw->len) {
			st = failed(d);
			break;
		}
		bytes_append(raw, buf, (size_t)n);
		st = raw->failed ? diag_nomem(d) : ST_OK;
		if (raw->failed || is_whole(raw))
			break;
	}
	explicit_bzero(buf, sizeof(buf));
	return st;
}

/*
 * End the child and its group.  As its subreaper we inherit what it leaves
 * behind, so that waitpid() sees all of the group go.
 */
static void
end_group(pid_t pid)
{
	const struct timespec pause = { 0, 2000000 };
	int64_t until = now_ms() + REAP_MS;
	bool leader = true;
	pid_t got;

	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	while (leader && now_ms() < until) {
		got = waitpid(pid, NULL, WNOHANG);
		if (got == pid || (got == -1 && errno != EINTR))
			leader = false;
		else
			nanosleep(&pause, NULL);
	}
	/* The leader is gone, so nothing new can join unseen: once more, and reap. */
	while (now_ms() < until) {
		kill(-pid, SIGKILL);
		got = waitpid(-pid, NULL, WNOHANG);
		if (got == -1 && errno == ECHILD)
			return;
		if (got == 0)
			nanosleep(&pause, NULL);
	}
}

/* The terminal at which a PIN can be asked for. */
static const char *
user_tty(void)
{
	const char *tty = getenv("GPG_TTY");
	int fd;

	if (tty != NULL && tty[0] == '/')
		return tty;
	for (fd = 0; fd < 3; fd++)
		if ((tty = ttyname(fd)) != NULL)
			return tty;
	return NULL;
}

enum status
helper_run(const struct helper_job *job, helper_fn fn, void *arg,
    struct bytes *out, struct diag *d)
{
	const char *tty = job->person ? user_tty() : NULL;
	struct bytes raw = { 0 };
	int64_t start = now_ms(), limit;
	int fds[2] = { -1, -1 }, reaper = 0;
	enum status st;
	pid_t self = getpid(), pid;

	if (!job->cleanup && (st = interrupt_check(d)) != ST_OK)
		return st;
	limit = job->cleanup ? CLEANUP_MS : job->person ?
	    (int64_t)CAP_PIN_SECONDS * 1000 : helper_left();
	if (limit <= 0)
		return timed_out(job, d);
	if (pipe2(fds, O_CLOEXEC) == -1)
		return diag_errno(d, "pipe");
	prctl(PR_GET_CHILD_SUBREAPER, &reaper, 0, 0, 0);
	prctl(PR_SET_CHILD_SUBREAPER, job->daemon ? 0 : 1, 0, 0, 0);
	if ((pid = fork()) == -1) {
		st = diag_errno(d, "fork");
		goto out;
	}
	if (pid == 0)
		child(job, self, tty, fds[1], fn, arg);
	fd_close(&fds[1]);
	st = collect(job, fds[0], start + limit, &raw, d);
	end_group(pid);
	if (st == ST_OK)
		st = take_result(job, &raw, out, d);
out:
	prctl(PR_SET_CHILD_SUBREAPER, reaper, 0, 0, 0);
	fd_close(&fds[0]);
	fd_close(&fds[1]);
	bytes_free(&raw);
	if (!job->person && !job->cleanup)
		spent += now_ms() - start;
	return st;
}
