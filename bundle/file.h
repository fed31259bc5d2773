/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file - descriptors and directory descriptors: the only way in which satchel
 * opens anything.  Nothing follows a link; it knows no format.
 */
#ifndef SATCHEL_BUNDLE_FILE_H
#define SATCHEL_BUNDLE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "manifests/bytes.h"
#include "manifests/diag.h"

/*
 * file_open_read - open a regular file below dirfd for reading, without
 * following a link and without waiting for a fifo.
 * size   its size in bytes
 * Errors: ST_INCOMPLETE (rule "missing") where there is none;
 *         ST_HOST (rule "not-regular") for a link, fifo, device, directory;
 *         ST_HOST (rule "host-io") where it cannot be opened.
 */
enum status file_open_read(int dirfd, const char *name, int *fd, uint64_t *size,
    struct diag *d) __attribute__((warn_unused_result));

/*
 * file_read_whole - the bytes of a regular file of at most cap bytes (ST_MALFORMED,
 * rule "over-cap", where it is larger), appended to out.  Read once.
 */
enum status file_read_whole(int dirfd, const char *name, uint64_t cap,
    struct bytes *out, struct diag *d) __attribute__((warn_unused_result));

/*
 * file_read_path - the same for a path that a person gave: links are followed,
 * and "missing" is ST_HOST.
 */
enum status file_read_path(const char *path, uint64_t cap, struct bytes *out,
    struct diag *d) __attribute__((warn_unused_result));

/* file_pread - exactly len bytes at offset; ST_DAMAGED (rule "short") where the file ends. */
enum status file_pread(int fd, void *buf, size_t len, uint64_t offset,
    struct diag *d) __attribute__((warn_unused_result));

/* file_write - all len bytes at the descriptor's position. */
enum status file_write(int fd, const void *buf, size_t len, struct diag *d)
    __attribute__((warn_unused_result));
/* file_pwrite - all len bytes at an offset, which must be below 2^63; the position stays. */
enum status file_pwrite(int fd, const void *buf, size_t len, uint64_t offset,
    struct diag *d) __attribute__((warn_unused_result));

/* file_in_memory - whether the file system is: it has no disk to wait for, and nothing to lay out. */
bool file_in_memory(int fd);

/* file_create - a new file (O_EXCL | O_NOFOLLOW) for writing. */
enum status file_create(int dirfd, const char *name, mode_t mode, int *fd,
    struct diag *d) __attribute__((warn_unused_result));

/* file_create_path - the same for a path that a person gave. */
enum status file_create_path(const char *path, mode_t mode, int *fd,
    struct diag *d) __attribute__((warn_unused_result));

/* file_sync_close - fsync and close fd, both checked; *fd is -1 afterwards. */
enum status file_sync_close(int *fd, const char *name, struct diag *d)
    __attribute__((warn_unused_result));

/* file_put - create, write, sync and close a whole file. */
enum status file_put(int dirfd, const char *name, mode_t mode, const void *buf,
    size_t len, struct diag *d) __attribute__((warn_unused_result));

/*
 * file_replace - write a whole file under a temporary name (".part-" + name),
 * sync it, and rename it over name.  The temporary file is removed on failure.
 */
enum status file_replace(int dirfd, const char *name, mode_t mode,
    const void *buf, size_t len, struct diag *d) __attribute__((warn_unused_result));

/* dir_open - a directory below dirfd, no link; errors as in file_open_read(). */
enum status dir_open(int dirfd, const char *name, int *fd, struct diag *d)
    __attribute__((warn_unused_result));

/* dir_open_path - a directory that a person named: a link as the last component is followed. */
enum status dir_open_path(const char *path, int *fd, struct diag *d)
    __attribute__((warn_unused_result));

/* dir_of_path - the directory that a path lies in, as written; "." where none is.  Freed by the caller; NULL: no memory. */
char *dir_of_path(const char *path);

/* dir_make - mkdirat + open; `existing` allows one that is there already. */
enum status dir_make(int dirfd, const char *name, mode_t mode, bool existing,
    int *fd, struct diag *d) __attribute__((warn_unused_result));

enum status dir_sync(int dirfd, const char *name, struct diag *d)
    __attribute__((warn_unused_result));
/* dir_sync_parent - the entry of a directory that was just made: the directory above it, if it can be opened. */
enum status dir_sync_parent(int dirfd, const char *name, struct diag *d)
    __attribute__((warn_unused_result));

/*
 * dir_list - the names in a directory but for "." and "..", sorted by bytes.
 * The caller frees each and the array with dir_list_free().
 */
enum status dir_list(int dirfd, char ***names, size_t *n, struct diag *d)
    __attribute__((warn_unused_result));
void dir_list_free(char **names, size_t n);

/* dir_remove_tree - remove name below dirfd with all that it holds, following no link. */
enum status dir_remove_tree(int dirfd, const char *name, struct diag *d)
    __attribute__((warn_unused_result));

/* fd_close - close if not -1, and set to -1 (for descriptors that were only read). */
void fd_close(int *fd);

/*
 * interrupt_install - SIGINT, SIGTERM and SIGHUP set a flag, SIGPIPE and
 * SIGXFSZ are ignored.  interrupted() is what long loops ask; a second signal
 * of the same kind ends the program at once.
 */
void interrupt_install(void);
bool interrupted(void);
/*
 * interrupt_wait - until fd can be read, or its other end is gone: true.  False
 * on an interruption, also on one that came just before.
 */
bool interrupt_wait(int fd) __attribute__((warn_unused_result));
/* interrupt_check - ST_OK, or ST_INTERRUPTED with its text. */
enum status interrupt_check(struct diag *d) __attribute__((warn_unused_result));

#endif
