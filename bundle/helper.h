/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * helper - a function run in a bounded child process: own session, clean
 * environment, limits, a deadline, and nothing left of it afterwards.
 * It knows nothing of what runs in there.
 */
#ifndef SATCHEL_BUNDLE_HELPER_H
#define SATCHEL_BUNDLE_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifests/bytes.h"
#include "manifests/diag.h"

/*
 * What runs in the child.  Its output and its diag travel to the parent; the
 * diag's rule must be one of the job's.  arg is the parent's memory, copied by
 * the fork: what the function changes there is lost.
 */
typedef enum status (*helper_fn)(void *arg, struct bytes *out, struct diag *d);

/*
 * person     the work waits for a person (a PIN): a deadline of CAP_PIN_SECONDS of
 *            its own, and the user's terminal and display are named in the
 *            environment; else the time comes out of the CAP_GPG_SECONDS that
 *            all such calls of this process share
 * user       commands in the user's own environment may run (helper_exec), and
 *            start daemons that stay: the limits can be lifted for those
 * daemon     all it does is start a daemon of the user's, which must not become
 *            ours: we adopt no orphans meanwhile
 * cleanup    runs even after a signal, for two seconds outside the deadlines
 * home       HOME in there; a directory, or NULL for /
 * cap        most bytes of output
 * rules      the rules that the function may return, NULL-terminated, beside those below
 */
struct helper_job {
	bool person;
	bool user;
	bool daemon;
	bool cleanup;
	const char *home;
	size_t cap;
	const char *const *rules;
};

/*
 * helper_run - run fn(arg) in a child and take over what it returns.
 * The caller has one thread.  PATH (its absolute folders) and LD_LIBRARY_PATH
 * are the user's, so that a GnuPG that lies elsewhere serves; the rest of the
 * environment is ours.  When this returns the child and all processes of its
 * group are dead and reaped.
 *
 * out    appended to, on ST_OK only
 * Errors: what fn returns;
 *         ST_INTERRUPTED;
 *         ST_HOST  "gpg-timeout": the deadline; "gpg-failed": the child
 *                  died, or what it wrote makes no sense; "host-io"
 */
enum status helper_run(const struct helper_job *job, helper_fn fn, void *arg,
    struct bytes *out, struct diag *d) __attribute__((warn_unused_result));

/* helper_left - milliseconds left of the shared deadline. */
int64_t helper_left(void);
/* helper_set_left - set it: for tests. */
void helper_set_left(int64_t ms);

/* The rest is for the child. */

/*
 * helper_find_program - the absolute path of a program, by PATH.
 * Errors: ST_HOST (rule "gpg-missing")
 */
enum status helper_find_program(const char *name, char *path, size_t cap,
    struct diag *d) __attribute__((warn_unused_result));

/* helper_user_getenv - from the user's own environment. */
const char *helper_user_getenv(const char *name);

/*
 * helper_exec - run a program to its end, its standard output appended to out
 * (at most cap bytes; more is an error, and the program is killed), standard
 * error discarded.
 *
 * argv     argv[0] is the program's absolute path
 * as_user  in the environment and with the limits that the whole program had
 * code     its exit status, or -1 where a signal ended it
 * Errors: ST_HOST (rules "gpg-garbage": too much output; "host-io")
 */
enum status helper_exec(char *const argv[], bool as_user, size_t cap,
    struct bytes *out, int *code, struct diag *d)
    __attribute__((warn_unused_result));

/* A result is written with these, and read again with the checks that they make. */
struct helper_reader {
	const uint8_t *data;
	size_t len;
	bool failed;		/* sticky: something was too short, or too long */
};
void helper_put_u32(struct bytes *b, uint32_t v);
void helper_put_bytes(struct bytes *b, const void *data, size_t len);
void helper_put_string(struct bytes *b, const char *s);
uint32_t helper_get_u32(struct helper_reader *r);
/* The bytes lie in the reader's memory; NULL and 0 on failure. */
const uint8_t *helper_get_bytes(struct helper_reader *r, size_t *len);
/* Into buf with its NUL; fails where there is a NUL inside, or it does not fit. */
void helper_get_string(struct helper_reader *r, char *buf, size_t cap);

/* helper_put_diag, helper_get_diag - a diag in a result; rules as in helper_job. */
void helper_put_diag(struct bytes *b, const struct diag *d);
void helper_get_diag(struct helper_reader *r, const char *const *rules,
    struct diag *d);

#endif
