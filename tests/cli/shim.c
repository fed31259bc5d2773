/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shim - calls of the system that fail where a test wants it, or before which a
 * command changes something.  For LD_PRELOAD, in the two programs alone.
 *
 * SATCHEL_FAULTS holds lines of four fields: a function, which of its calls that
 * match (from 1; 0: each), a piece of the path that it is about ("-": any; "$" at its
 * end: that of the path), and what to do: "E" and a number fails with that errno; "="
 * and a number returns it, or puts it into the field that stands for a function
 * (st_size, st_mode, st_uid, st_dev; f_bavail, f_files, f_favail), or adds so many
 * seconds (clock); "!" and a command runs that first.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define RULES 16

struct rule {
	char function[32], path[256], action[1024];
	unsigned nth, seen;
};

static struct rule rules[RULES];
static unsigned n_rules;
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

static void *
real(const char *name)
{
	void *p = dlsym(RTLD_NEXT, name);

	if (p == NULL)
		_exit(126);
	return p;
}

__attribute__((constructor)) static void
read_rules(void)
{
	const char *text = getenv("SATCHEL_FAULTS");
	struct rule *r = rules;

	if (text == NULL || *text == '\0' || strncmp(program_invocation_short_name, "satchel-", 8) != 0)
		return;
	for (; text != NULL && n_rules < RULES; text = strchr(text, '\n'), r++) {
		text += *text == '\n';
		if (sscanf(text, "%31s %u %255s %1023[^\n]", r->function, &r->nth, r->path, r->action) != 4)
			_exit(126);
		n_rules++;
	}
}

/* One that the wrappers below have no part in. */
static void
run(const char *command)
{
	pid_t pid = ((pid_t (*)(void))real("fork"))();
	int status;

	if (pid == 0) {
		unsetenv("LD_PRELOAD");
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	if (status != 0)
		_exit(126);
}

/* A piece of the path; with "$" behind it that is its end. */
static bool
fits(const char *piece, const char *path)
{
	size_t n = strlen(piece), len = strlen(path);

	if (strcmp(piece, "-") == 0)
		return true;
	if (piece[n - 1] != '$')
		return strstr(path, piece) != NULL;
	return len >= n - 1 && memcmp(path + len - (n - 1), piece, n - 1) == 0;
}

/* What is to be done at this call; NULL: nothing. */
static const char *
find(const char *function, const char *path)
{
	const char *found = NULL;
	unsigned i;

	for (i = 0; i < n_rules && found == NULL; i++) {
		struct rule *r = &rules[i];

		if (strcmp(r->function, function) != 0 || !fits(r->path, path))
			continue;
		(void)pthread_mutex_lock(&guard);
		if (++r->seen == r->nth || r->nth == 0)
			found = r->action;
		(void)pthread_mutex_unlock(&guard);
	}
	return found;
}

/* Whether the call is left out; then what it returns. */
static bool
fault(const char *function, const char *path, long *value)
{
	const char *action = find(function, path);
	int before = errno;

	if (action == NULL)
		return false;
	*value = action[0] == 'E' ? -1 : strtol(action + 1, NULL, 0);
	if (action[0] == '!')
		run(action + 1);
	errno = action[0] == 'E' ? atoi(action + 1) : before;
	return action[0] != '!';
}

/* A field of what the system said. */
#define PUT(field, path, at) do { \
	long value_; \
	if (fault(field, path, &value_)) \
		(at) = (__typeof__(at))value_; \
} while (0)

static const char *
path_at(int dirfd, const char *name, char out[PATH_MAX])
{
	char link[64];
	ssize_t n = 0;
	int before = errno;

	if (n_rules == 0)
		return "";
	if (dirfd != AT_FDCWD) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
		if ((n = readlink(link, out, PATH_MAX / 2)) < 0)
			n = 0;
	}
	snprintf(out + n, (size_t)(PATH_MAX - n), "%s%.2000s", n > 0 && *name != '\0' ? "/" : "", name);
	errno = before;
	return out;
}

#define WRAP(type, name, parameters, arguments, dirfd, path) \
type name parameters; \
type \
name parameters \
{ \
	char at[PATH_MAX]; \
	long value; \
	if (fault(#name, path_at(dirfd, path, at), &value)) \
		return (type)value; \
	return ((type (*) parameters)real(#name)) arguments; \
}

#define AS(type, symbol, name, parameters, arguments, dirfd, path) \
type symbol parameters; \
type \
symbol parameters \
{ \
	char at[PATH_MAX]; \
	long value; \
	if (fault(name, path_at(dirfd, path, at), &value)) \
		return (type)value; \
	return ((type (*) parameters)real(#symbol)) arguments; \
}

WRAP(int, close, (int fd), (fd), fd, "")
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), fd, "")
WRAP(int, flock, (int fd, int how), (fd, how), fd, "")
WRAP(int, fsync, (int fd), (fd), fd, "")
WRAP(int, fdatasync, (int fd), (fd), fd, "")
WRAP(int, syncfs, (int fd), (fd), fd, "")
WRAP(int, futimens, (int fd, const struct timespec t[2]), (fd, t), fd, "")
WRAP(int, utimensat, (int dir, const char *name, const struct timespec t[2], int flags), (dir, name, t, flags), dir,
    name)
WRAP(int, renameat, (int from, const char *a, int to, const char *b), (from, a, to, b), from, a)
WRAP(int, renameat2, (int from, const char *a, int to, const char *b, unsigned flags), (from, a, to, b, flags), from, a)
WRAP(int, mkdirat, (int dir, const char *name, mode_t mode), (dir, name, mode), dir, name)
WRAP(int, unlinkat, (int dir, const char *name, int flags), (dir, name, flags), dir, name)
WRAP(int, unlink, (const char *name), (name), AT_FDCWD, name)
WRAP(ssize_t, write, (int fd, const void *buf, size_t n), (fd, buf, n), fd, "")
WRAP(ssize_t, read, (int fd, void *buf, size_t n), (fd, buf, n), fd, "")
WRAP(int, pipe2, (int fds[2], int flags), (fds, flags), AT_FDCWD, "")
WRAP(pid_t, fork, (void), (), AT_FDCWD, "")
WRAP(int, poll, (struct pollfd *p, nfds_t n, int ms), (p, n, ms), AT_FDCWD, "")
WRAP(time_t, time, (time_t *t), (t), AT_FDCWD, "")
WRAP(char *, setlocale, (int what, const char *name), (what, name), AT_FDCWD, "")
AS(ssize_t, __read_chk, "read", (int fd, void *buf, size_t n, size_t room), (fd, buf, n, room), fd, "")
AS(ssize_t, pread64, "pread", (int fd, void *buf, size_t n, off64_t at_), (fd, buf, n, at_), fd, "")
AS(ssize_t, pwrite64, "pwrite", (int fd, const void *buf, size_t n, off64_t at_), (fd, buf, n, at_), fd, "")
AS(int, ftruncate64, "ftruncate", (int fd, off64_t n), (fd, n), fd, "")
AS(int, fallocate64, "fallocate", (int fd, int mode, off64_t from, off64_t n), (fd, mode, from, n), fd, "")
AS(int, setrlimit64, "setrlimit", (__rlimit_resource_t what, const struct rlimit64 *r), (what, r), AT_FDCWD, "")

int prctl(int what, ...);
int
prctl(int what, ...)
{
	unsigned long a[4];
	char name[32];
	va_list ap;
	long value;
	int i;

	va_start(ap, what);
	for (i = 0; i < 4; i++)
		a[i] = va_arg(ap, unsigned long);
	va_end(ap);
	snprintf(name, sizeof(name), "%d", what);
	if (fault("prctl", name, &value))
		return (int)value;
	return ((int (*)(int, ...))real("prctl"))(what, a[0], a[1], a[2], a[3]);
}

/* openat2() alone comes this way. */
long syscall(long number, ...);
long
syscall(long number, ...)
{
	long a[6], value;
	va_list ap;
	int i;

	va_start(ap, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_openat2 && fault("openat2", (const char *)a[1], &value))
		return value;
	return ((long (*)(long, ...))real("syscall"))(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *arg);
int
pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *arg)
{
	long value;

	if (fault("pthread_create", "", &value))
		return errno;
	return ((int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))real("pthread_create"))(t, a, fn,
	    arg);
}

struct dirent64 *readdir64(DIR *dir);
struct dirent64 *
readdir64(DIR *dir)
{
	char at[PATH_MAX];
	long value;

	if (fault("readdir", path_at(dirfd(dir), "", at), &value))
		return NULL;
	return ((struct dirent64 *(*)(DIR *))real("readdir64"))(dir);
}

char *mkdtemp(char *path);
char *
mkdtemp(char *path)
{
	long value;

	if (fault("mkdtemp", path, &value))
		return NULL;
	return ((char *(*)(char *))real("mkdtemp"))(path);
}

int openat64(int dir, const char *name, int flags, ...);
int
openat64(int dir, const char *name, int flags, ...)
{
	char at[PATH_MAX];
	mode_t mode = 0;
	va_list ap;
	long value;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	if (fault("openat", path_at(dir, name, at), &value))
		return (int)value;
	return ((int (*)(int, const char *, int, ...))real("openat64"))(dir, name, flags, mode);
}

int open64(const char *name, int flags, ...);
int
open64(const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;
	long value;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	if (fault("open", name, &value))
		return (int)value;
	return ((int (*)(const char *, int, ...))real("open64"))(name, flags, mode);
}

int __open64_2(const char *name, int flags);
int
__open64_2(const char *name, int flags)
{
	return open64(name, flags);
}

static void
change(struct stat64 *sb, const char *path)
{
	PUT("st_size", path, sb->st_size);
	PUT("st_mode", path, sb->st_mode);
	PUT("st_uid", path, sb->st_uid);
	PUT("st_dev", path, sb->st_dev);
}

int fstat64(int fd, struct stat64 *sb);
int
fstat64(int fd, struct stat64 *sb)
{
	char at[PATH_MAX];
	const char *path = path_at(fd, "", at);
	long value;

	if (fault("fstat", path, &value))
		return (int)value;
	if (((int (*)(int, struct stat64 *))real("fstat64"))(fd, sb) == -1)
		return -1;
	change(sb, path);
	return 0;
}

int fstatat64(int dir, const char *name, struct stat64 *sb, int flags);
int
fstatat64(int dir, const char *name, struct stat64 *sb, int flags)
{
	char at[PATH_MAX];
	const char *path = path_at(dir, name, at);
	long value;

	if (fault("fstatat", path, &value))
		return (int)value;
	if (((int (*)(int, const char *, struct stat64 *, int))real("fstatat64"))(dir, name, sb, flags) == -1)
		return -1;
	change(sb, path);
	return 0;
}

int lstat64(const char *name, struct stat64 *sb);
int
lstat64(const char *name, struct stat64 *sb)
{
	long value;

	if (fault("lstat", name, &value))
		return (int)value;
	return ((int (*)(const char *, struct stat64 *))real("lstat64"))(name, sb);
}

int clock_gettime(clockid_t clock, struct timespec *t);
int
clock_gettime(clockid_t clock, struct timespec *t)
{
	long value = 0;

	if (fault("clock", "", &value))
		value = value < 0 ? 0 : value;
	if (((int (*)(clockid_t, struct timespec *))real("clock_gettime"))(clock, t) == -1)
		return -1;
	t->tv_sec += value;
	return 0;
}

int fstatvfs64(int fd, struct statvfs64 *sv);
int
fstatvfs64(int fd, struct statvfs64 *sv)
{
	if (((int (*)(int, struct statvfs64 *))real("fstatvfs64"))(fd, sv) == -1)
		return -1;
	PUT("f_bavail", "", sv->f_bavail);
	PUT("f_files", "", sv->f_files);
	PUT("f_favail", "", sv->f_favail);
	return 0;
}
