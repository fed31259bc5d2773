/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * helper_child - what happens in the bounded child: how it is fenced in, and
 * how it runs a program of its own.  It never runs in the parent.
 */
#include "bundle/helper_child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "manifests/caps.h"

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

/* What is lifted for commands that run as the user does. */
static char **user_environ;
static mode_t user_umask;
static struct {
	int resource;
	rlim_t person, else_;
	struct rlimit was;
} limits[] = {
	{ RLIMIT_CPU, 120, 20, { 0, 0 } },
	{ RLIMIT_FSIZE, 64 * MIB, 64 * MIB, { 0, 0 } },
	{ RLIMIT_NOFILE, 256, 256, { 0, 0 } },
	{ RLIMIT_CORE, 0, 0, { 0, 0 } },
	{ RLIMIT_AS, 1 * GIB, 1 * GIB, { 0, 0 } },	/* beside what we have already */
};
#define N_LIMITS (sizeof(limits) / sizeof(limits[0]))

/* The parent has died: take the whole group along. */
static void
end_all(int sig)
{
	(void)sig;
	kill(0, SIGKILL);
}

/* Close all but the standard descriptors and *fd, which becomes 3. */
static int
tidy_descriptors(int *fd)
{
	int null, i;

	if ((null = open("/dev/null", O_RDWR)) == -1)
		return -1;
	/* The pipe may lie below 3 where the parent was started without them. */
	if (*fd < 3 && (*fd = fcntl(*fd, F_DUPFD_CLOEXEC, 4)) == -1)
		return -1;
	for (i = 0; i < 3; i++)
		if (dup2(null, i) == -1)
			return -1;
	if (*fd != 3 && dup3(*fd, 3, O_CLOEXEC) == -1)
		return -1;
	*fd = 3;
#ifdef SYS_close_range
	if (syscall(SYS_close_range, 4U, ~0U, 0U) == 0)
		return 0;
#endif
	for (i = 4; i < 4096; i++)
		close(i);
	return 0;
}

static void
set_signals(void)
{
	static const int standard[] = { SIGINT, SIGHUP, SIGQUIT, SIGCHLD,
		SIGXFSZ, SIGXCPU, SIGALRM, SIGTSTP, SIGUSR1, SIGUSR2 };
	struct sigaction sa = { 0 };
	size_t i;

	sigemptyset(&sa.sa_mask);
	sa.sa_handler = SIG_DFL;
	for (i = 0; i < sizeof(standard) / sizeof(standard[0]); i++)
		sigaction(standard[i], &sa, NULL);
	sa.sa_handler = end_all;
	sigaction(SIGTERM, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	sigprocmask(SIG_SETMASK, &sa.sa_mask, NULL);
}

/* Address space in use, in bytes; 0 where that cannot be told. */
static rlim_t
space_used(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL)
		return 0;
	if (fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	fclose(f);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/*
 * Soft limits only where a daemon of the user's may be started, since it must
 * not inherit them; hard ones else.
 */
static int
set_limits(const struct helper_job *job)
{
	rlim_t used = space_used(), want;
	struct rlimit rl;
	size_t i;

	for (i = 0; i < N_LIMITS; i++) {
		if (getrlimit((__rlimit_resource_t)limits[i].resource,
		    &limits[i].was) == -1)
			return -1;
		want = job->person ? limits[i].person : limits[i].else_;
		if (limits[i].resource == RLIMIT_AS) {
			/* A sanitizer's shadow memory takes terabytes. */
			if (used == 0 || used > TIB)
				continue;
			want += used;
		}
		rl = limits[i].was;
		if (rl.rlim_cur == RLIM_INFINITY || rl.rlim_cur > want)
			rl.rlim_cur = want;
		if (!job->user)
			rl.rlim_max = rl.rlim_cur;
		if (setrlimit((__rlimit_resource_t)limits[i].resource, &rl) == -1)
			return -1;
	}
	return 0;
}

/* The absolute folders of a search path. */
static int
set_search_path(const char *name, const char *value, const char *otherwise)
{
	struct bytes b = { 0 };
	const char *end;
	int r = -1;

	for (; value != NULL; value = *end == ':' ? end + 1 : NULL) {
		end = strchrnul(value, ':');
		if (*value != '/')
			continue;
		if (b.len > 0)
			bytes_string(&b, ":");
		bytes_append(&b, value, (size_t)(end - value));
	}
	if (b.len == 0 && otherwise != NULL)
		bytes_string(&b, otherwise);
	bytes_append(&b, "", 1);
	if (!b.failed)
		r = b.len == 1 ? 0 : setenv(name, (char *)b.data, 1);
	bytes_free(&b);
	return r;
}

/*
 * A clean environment.  Where a person is waited for, gpg passes on to the
 * agent, and it to the pinentry, what names the terminal and the display.
 */
static int
set_environment(const struct helper_job *job, const char *tty)
{
	static const char *const shown[] = { "TERM", "DISPLAY", "XAUTHORITY",
		"WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "DBUS_SESSION_BUS_ADDRESS",
		"PINENTRY_USER_DATA", "INSIDE_EMACS", "XMODIFIERS",
		"GTK_IM_MODULE", "QT_IM_MODULE", "QT_QPA_PLATFORM", "LANG",
		"LC_ALL", "LC_CTYPE", "LC_MESSAGES" };
	static char *none[] = { NULL };
	const char *path = getenv("PATH"), *libs = getenv("LD_LIBRARY_PATH");
	const char *values[sizeof(shown) / sizeof(shown[0])];
	size_t i;

	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		values[i] = getenv(shown[i]);
	/* A copy of the array: setenv() goes on to use the one it made before. */
	for (i = 0; environ[i] != NULL; i++)
		;
	if ((user_environ = calloc(i + 1, sizeof(*user_environ))) == NULL)
		return -1;
	memcpy(user_environ, environ, i * sizeof(*user_environ));
	environ = none;
	if (set_search_path("PATH", path, DEFAULT_PATH) == -1 ||
	    set_search_path("LD_LIBRARY_PATH", libs, NULL) == -1 ||
	    setenv("HOME", job->home == NULL ? "/" : job->home, 1) == -1 ||
	    setenv("TZ", "UTC", 1) == -1)
		return -1;
	if (!job->person)
		return setenv("LC_ALL", "C", 1);
	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (values[i] != NULL && setenv(shown[i], values[i], 1) == -1)
			return -1;
	return tty == NULL ? 0 : setenv("GPG_TTY", tty, 1);
}

int
helper_child_prepare(const struct helper_job *job, int parent, const char *tty,
    int *fd)
{
	if (setsid() == -1)
		return -1;
	set_signals();
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1 || getppid() != parent)
		return -1;
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	user_umask = umask(077);
	if (tidy_descriptors(fd) == -1 || set_limits(job) == -1 ||
	    set_environment(job, tty) == -1)
		return -1;
	if (!job->user)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return 0;
}

const char *
helper_user_getenv(const char *name)
{
	size_t i, n = strlen(name);

	for (i = 0; user_environ != NULL && user_environ[i] != NULL; i++)
		if (strncmp(user_environ[i], name, n) == 0 &&
		    user_environ[i][n] == '=')
			return user_environ[i] + n + 1;
	return NULL;
}

enum status
helper_find_program(const char *name, char *path, size_t cap, struct diag *d)
{
	const char *dir = getenv("PATH"), *end;
	struct stat sb;
	int n;

	for (; dir != NULL; dir = *end == ':' ? end + 1 : NULL) {
		end = strchrnul(dir, ':');
		n = snprintf(path, cap, "%.*s/%s", (int)(end - dir), dir, name);
		if (n > 0 && (size_t)n < cap && stat(path, &sb) == 0 &&
		    S_ISREG(sb.st_mode) && access(path, X_OK) == 0)
			return ST_OK;
	}
	path[0] = '\0';
	diag_set(d, ST_HOST, "gpg-missing", "%s is not installed, or not in PATH",
	    name);
	diag_hint(d, "install GnuPG: apt-get install gnupg, or dnf install gnupg2");
	return ST_HOST;
}

/* Between fork and exec. */
static _Noreturn void
exec_program(char *const argv[], bool as_user, int fd)
{
	struct rlimit rl;
	size_t i;

	if (dup2(fd, 1) == -1)
		_exit(127);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	if (as_user) {
		for (i = 0; i < N_LIMITS; i++) {
			if (getrlimit((__rlimit_resource_t)limits[i].resource,
			    &rl) == -1)
				_exit(127);
			rl.rlim_cur = limits[i].was.rlim_cur;
			if (setrlimit((__rlimit_resource_t)limits[i].resource,
			    &rl) == -1)
				_exit(127);
		}
		umask(user_umask);
		environ = user_environ;
	}
	execve(argv[0], argv, environ);
	_exit(127);
}

enum status
helper_exec(char *const argv[], bool as_user, size_t cap, struct bytes *out,
    int *code, struct diag *d)
{
	enum status st = ST_INTERNAL;
	int fds[2] = { -1, -1 }, ws = 0;
	size_t got = 0;
	uint8_t buf[16384];
	pid_t pid;
	ssize_t n;

	*code = -1;
	if (pipe2(fds, O_CLOEXEC) == -1)
		return diag_errno(d, "pipe");
	if ((pid = fork()) == -1) {
		st = diag_errno(d, "fork");
		close(fds[0]);
		close(fds[1]);
		return st;
	}
	if (pid == 0)
		exec_program(argv, as_user, fds[1]);
	close(fds[1]);
	for (st = ST_OK; st == ST_OK;) {
		n = read(fds[0], buf, sizeof(buf));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == 0)
			break;
		if (n == -1)
			st = diag_errno(d, "%s", argv[0]);
		else if ((size_t)n > cap - got)
			st = diag_set(d, ST_HOST, "gpg-garbage",
			    "%s writes more than %zu bytes", argv[0], cap);
		else
			bytes_append(out, buf, (size_t)n);
		got += n > 0 ? (size_t)n : 0;
	}
	close(fds[0]);
	if (st != ST_OK)
		kill(pid, SIGKILL);
	while (waitpid(pid, &ws, 0) == -1 && errno == EINTR)
		;
	if (WIFEXITED(ws))
		*code = WEXITSTATUS(ws);
	return st == ST_OK && out->failed ? diag_nomem(d) : st;
}
