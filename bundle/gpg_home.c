/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gpg_home - private GNUPGHOMEs.  Our gpg.conf is the only one that has a say
 * in there, and no agent of its own ever starts.
 */
#include "bundle/gpg_home.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "bundle/crypto.h"
#include "bundle/file.h"
#include "bundle/gpg_ring.h"
#include "bundle/helper.h"

#define LINE_CAP 4096
#define ANSWER_MS 500

/*
 * All of these are known from gpg 2.2.27 to 2.4; `ignore-invalid-option' is
 * for older ones.  There is no weak-digest line: gpg would then overlook a
 * revocation made with SHA-1 (measured with 2.2.40) and take the key for good.
 * The hash of the signature itself is judged by bundle/gpg.c.
 */
static const char conf_common[] =
    "no-autostart\n"
    "ignore-invalid-option no-auto-key-import no-include-key-block\n"
    "no-auto-key-import\n"
    "no-auto-key-retrieve\n"
    "no-auto-key-locate\n"
    "disable-dirmngr\n"
    "trust-model always\n"
    "no-auto-check-trustdb\n"
    "require-cross-certification\n"
    "no-random-seed-file\n"
    "no-encrypt-to\n"
    "no-textmode\n"
    "no-comments\n"
    "no-emit-version\n"
    "no-include-key-block\n";

static const char conf_sign[] = "digest-algo SHA512\n";

/* rfc4880 first: it sets others.  With it gpg 2.3 and later write no tag 20. */
static const char conf_wrap[] =
    "rfc4880\n"
    "no-allow-non-selfsigned-uid\n"
    "cipher-algo AES256\n"
    "compress-algo none\n"
    "no-throw-keyids\n";

static const char *
conf_of(enum gpg_home_use use)
{
	switch (use) {
	case GPG_HOME_SIGN:
		return conf_sign;
	case GPG_HOME_WRAP:
		return conf_wrap;
	case GPG_HOME_VERIFY:
	case GPG_HOME_UNWRAP:
		break;
	}
	return "";
}

/* Make the folder below $TMPDIR, or /tmp where that is too long or unfit. */
static int
make_folder(struct gpg_home *h)
{
	const char *bases[] = { getenv("TMPDIR"), "/tmp" };
	size_t i;
	int n;

	for (i = 0; i < 2; i++) {
		if (bases[i] == NULL || bases[i][0] != '/')
			continue;
		n = snprintf(h->path, sizeof(h->path), "%s/satchel-XXXXXX",
		    bases[i]);
		if (n > 0 && (size_t)n < sizeof(h->path) &&
		    mkdtemp(h->path) != NULL)
			return 0;
	}
	h->path[0] = '\0';
	return -1;
}

/* Without a sync: it need not outlive us. */
static enum status
put(int dirfd, const char *name, const void *data, size_t len, struct diag *d)
{
	enum status st;
	int fd = -1;

	if ((st = file_create(dirfd, name, 0600, &fd, d)) != ST_OK)
		return st;
	st = file_write(fd, data, len, d);
	if (close(fd) == -1 && st == ST_OK)
		st = diag_errno(d, "%s", name);
	return st;
}

enum status
gpg_home_make(enum gpg_home_use use, struct gpg_home *h, struct diag *d)
{
	struct bytes conf = { 0 };
	enum status st;
	int fd = -1;

	if (make_folder(h) == -1) {
		st = diag_errno(d, "a temporary folder for gpg");
		diag_hint(d, "it is made below TMPDIR, or /tmp: see whether there is room, and whether one may write there");
		return st;
	}
	bytes_string(&conf, conf_common);
	bytes_string(&conf, conf_of(use));
	if (conf.failed) {
		st = diag_nomem(d);
		goto out;
	}
	if ((st = dir_open_path(h->path, &fd, d)) != ST_OK)
		goto out;
	if ((st = put(fd, "gpg.conf", conf.data, conf.len, d)) != ST_OK)
		goto out;
	/* gpg 2.4 looks in here whether to leave the key ring to a keyboxd. */
	st = put(fd, "common.conf", "", 0, d);
out:
	fd_close(&fd);
	bytes_free(&conf);
	if (st != ST_OK)
		gpg_home_remove(h);
	return st;
}

static enum status
gpgconf(bool as_user, char *const args[], struct bytes *out, int *code,
    struct diag *d)
{
	char path[LINE_CAP], *argv[8] = { path };
	enum status st;
	size_t i;

	if ((st = helper_find_program("gpgconf", path, sizeof(path), d)) != ST_OK)
		return st;
	for (i = 0; args[i] != NULL && i + 2 < sizeof(argv) / sizeof(argv[0]); i++)
		argv[i + 1] = args[i];
	return helper_exec(argv, as_user, LINE_CAP, out, code, d);
}

#define ARG(s) ((char[sizeof(s)]){ s })

/* In a helper: gpgconf takes away the folder below /run/user, or finds none. */
static enum status
remove_socketdir(void *arg, struct bytes *out, struct diag *d)
{
	struct gpg_home *h = arg;
	char *args[] = { ARG("--homedir"), h->path, ARG("--remove-socketdir"), NULL };
	struct bytes text = { 0 };
	enum status st;
	int code;

	(void)out;
	st = gpgconf(false, args, &text, &code, d);
	bytes_free(&text);
	return st;
}

#define SOCKETS_BASES 4U
#define SOCKETS_PATH 64

/* Below which folders GnuPG makes one for the sockets of a home that is not the usual one. */
static void
sockets_path(char path[SOCKETS_PATH], size_t i)
{
	static const char *const bases[SOCKETS_BASES] = { "/run/gnupg", "/run",
		"/var/run/gnupg", "/var/run" };

	snprintf(path, SOCKETS_PATH, "%s/user/%u/gnupg", bases[i],
	    (unsigned int)getuid());
}

/* Where none of them is there, the sockets lay in the home itself. */
static bool
has_sockets_path(void)
{
	char path[SOCKETS_PATH];
	struct stat sb;
	size_t i;

	for (i = 0; i < SOCKETS_BASES; i++) {
		sockets_path(path, i);
		if (stat(path, &sb) == 0 || errno != ENOENT)
			return true;
	}
	return false;
}

/*
 * The same where gpgconf is missing or hangs: GnuPG calls the folder d. and 24
 * letters, the z-base-32 of the first 15 bytes of the SHA-1 of the home's path.
 */
static void
remove_socketdir_by_name(const char *home)
{
	static const char letters[] = "ybndrfg8ejkmcpqxot1uwisza345h769";
	char name[2 + 24 + 1] = "d.", path[SOCKETS_PATH];
	uint8_t hash[SHA1_LEN];
	struct diag ignored;
	size_t i, bit;
	int fd = -1;

	if (digest_sha1(home, strlen(home), hash) == -1)
		return;
	for (i = 0; i < 24; i++) {
		bit = 5 * i;
		name[2 + i] = letters[((hash[bit / 8] << 8 | hash[bit / 8 + 1]) >>
		    (11 - bit % 8)) & 31];
	}
	name[2 + i] = '\0';
	for (i = 0; i < SOCKETS_BASES; i++) {
		sockets_path(path, i);
		if (dir_open_path(path, &fd, &ignored) == ST_OK &&
		    dir_remove_tree(fd, name, &ignored) != ST_OK)
			(void)ignored;
		fd_close(&fd);
	}
}

void
gpg_home_remove(struct gpg_home *h)
{
	struct helper_job job = { .cleanup = true, .home = h->path };
	struct bytes out = { 0 };
	struct diag ignored;
	char *slash;
	int fd = -1;

	if (h->path[0] == '\0')
		return;
	/* First: gpgconf finds the folder's name from the home's. */
	if (has_sockets_path()) {
		if (helper_run(&job, remove_socketdir, h, &out, &ignored) != ST_OK)
			(void)ignored;
		bytes_free(&out);
		remove_socketdir_by_name(h->path);
	}
	slash = strrchr(h->path, '/');
	*slash = '\0';
	if (dir_open_path(slash == h->path ? "/" : h->path, &fd, &ignored) ==
	    ST_OK && dir_remove_tree(fd, slash + 1, &ignored) != ST_OK)
		(void)ignored;
	fd_close(&fd);
	h->path[0] = '\0';
}

/* The path that gpgconf --list-dirs NAME prints, as it is. */
static int
take_path(struct bytes *text)
{
	if (text->len < 2 || text->data[text->len - 1] != '\n' ||
	    text->data[0] != '/')
		return -1;
	text->data[text->len - 1] = '\0';
	return memchr(text->data, '\n', text->len) == NULL &&
	    strlen((char *)text->data) == text->len - 1 ? 0 : -1;
}

static enum status
agent_socket(const char *homedir, struct bytes *path, struct diag *d)
{
	char home[GPG_HOME_PATH];
	char *user[] = { ARG("--list-dirs"), ARG("agent-socket"), NULL };
	char *private[] = { ARG("--homedir"), home, ARG("--list-dirs"),
		ARG("agent-socket"), NULL };
	enum status st;
	int code;

	if (homedir != NULL)
		snprintf(home, sizeof(home), "%s", homedir);
	st = gpgconf(homedir == NULL, homedir == NULL ? user : private, path,
	    &code, d);
	if (st != ST_OK)
		return st;
	if (code != 0 || take_path(path) == -1)
		return diag_set(d, ST_HOST, "gpg-garbage",
		    "gpgconf does not say where the agent's socket is");
	return ST_OK;
}

/* Whether a line that says OK comes, and soon; an agent sends it whole. */
static bool
says_ok(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char said[1024];
	ssize_t n;

	if (poll(&p, 1, ANSWER_MS) != 1)
		return false;
	n = read(fd, said, sizeof(said));
	return n > 2 && said[n - 1] == '\n' && memcmp(said, "OK", 2) == 0;
}

/* Whether an agent greets whoever connects to it, and answers. */
static bool
agent_answers(const char *path)
{
	static const char nop[] = "NOP\n";
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	bool answers;
	int fd;

	if (strlen(path) >= sizeof(to.sun_path))
		return false;
	strcpy(to.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	answers = fd != -1 && connect(fd, (void *)&to, sizeof(to)) == 0 &&
	    says_ok(fd) &&
	    send(fd, nop, strlen(nop), MSG_NOSIGNAL) == (ssize_t)strlen(nop) &&
	    says_ok(fd);
	fd_close(&fd);
	return answers;
}

/* In a helper, as the user.  To ask an agent that runs takes a tenth of gpgconf's time. */
static enum status
launch(void *arg, struct bytes *out, struct diag *d)
{
	char *args[] = { ARG("--launch"), ARG("gpg-agent"), NULL };
	struct bytes text = { 0 };
	enum status st;
	int code;

	(void)arg;
	(void)out;
	if (!gpg_ring_exists())
		return ST_OK;
	st = agent_socket(NULL, &text, d);
	if (st == ST_OK && agent_answers((char *)text.data))
		goto out;
	bytes_free(&text);
	st = gpgconf(true, args, &text, &code, d);
out:
	bytes_free(&text);
	return st;
}

enum status
gpg_home_launch_agent(struct diag *d)
{
	struct helper_job job = { .user = true, .daemon = true };
	struct bytes none = { 0 };

	return helper_run(&job, launch, NULL, &none, d);
}

/*
 * The text of a file that leads to the socket.  Where the user's own is such
 * a file already (long home names, network homes) it is copied: GnuPG follows one.
 */
static enum status
redirection(const char *socket, struct bytes *text, struct diag *d)
{
	struct stat sb;

	if (stat(socket, &sb) == -1 ||
	    (!S_ISREG(sb.st_mode) && !S_ISSOCK(sb.st_mode))) {
		diag_set(d, ST_HOST, "gpg-agent", "gpg-agent does not run, "
		    "and could not be started: no socket at %s", ESC(socket));
		diag_hint(d, "try: gpgconf --launch gpg-agent");
		return ST_HOST;
	}
	if (S_ISREG(sb.st_mode))
		return file_read_path(socket, LINE_CAP, text, d);
	bytes_printf(text, "%%Assuan%%\nsocket=%s\n", socket);
	return text->failed ? diag_nomem(d) : ST_OK;
}

enum status
gpg_home_join_agent(const struct gpg_home *h, struct diag *d)
{
	struct bytes theirs = { 0 }, ours = { 0 }, text = { 0 };
	enum status st;
	int fd = -1;

	if ((st = agent_socket(NULL, &theirs, d)) != ST_OK)
		goto out;
	if ((st = agent_socket(h->path, &ours, d)) != ST_OK)
		goto out;
	if ((st = redirection((char *)theirs.data, &text, d)) != ST_OK)
		goto out;
	fd = open((char *)ours.data, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1) {
		st = diag_errno(d, "%s", ESC((char *)ours.data));
		goto out;
	}
	st = file_write(fd, text.data, text.len, d);
out:
	if (fd != -1 && close(fd) == -1 && st == ST_OK)
		st = diag_errno(d, "the agent's socket file");
	bytes_free(&theirs);
	bytes_free(&ours);
	bytes_free(&text);
	return st;
}
