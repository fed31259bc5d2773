# SPDX-License-Identifier: BSD-2-Clause
#
# satchel: build, check, install.  `make help` says what there is.
#
# Needs GNU make 4.  New .c files need no line here: all of pack/, unpack/,
# bundle/, manifests/, tests/unit/ and tests/fuzz/ are found by wildcard.
# Everything that is made goes below build/; the folders of the source stay
# as they are.  What compiler and system offer is probed once by
# tests/probe.sh and kept in build/config-CC.mk.

VERSION = 0.1.0

PREFIX = /usr/local
DESTDIR =
BINDIR = $(PREFIX)/bin
MANDIR = $(PREFIX)/share/man
DOCDIR = $(PREFIX)/share/doc/satchel
BASHDIR = $(PREFIX)/share/bash-completion/completions
ZSHDIR = $(PREFIX)/share/zsh/site-functions
FISHDIR = $(PREFIX)/share/fish/vendor_completions.d

ifeq ($(origin CC),default)
CC = gcc
endif
# The system's own Python: one that a user put in front of it may lack
# python3-cryptography.
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)

CFLAGS = -O2 -g
WERROR =
V =
Q = $(if $(V),,@)

# MODE: plain, sanitize, prove, coverage or fuzz.  Each has a folder of its own.
MODE = plain
BUILD = build$(if $(filter-out plain,$(MODE)),/$(MODE))
# One spelling of the folder, absolute or not: the .d files name their objects.
B := $(patsubst $(CURDIR)/%,%,$(BUILD))

# --- Flags ----------------------------------------------------------------

# These goals build nothing themselves, so they need no compiler yet; those
# among them that test start make again when `deps` has brought one.
NO_BUILD = deps deps-lint bench-deps bench demo check check-long sanitize lint \
    fuzz coverage dist uninstall clean help
CONFIG = $(B)/config-$(subst /,_,$(firstword $(CC))).mk
ifneq ($(filter-out $(NO_BUILD),$(or $(MAKECMDGOALS),all)),)
include $(CONFIG)
endif

WARN = -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow \
    -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual \
    -Wwrite-strings -Wformat=2 -Wundef -Wvla $(if $(filter 1,$(WERROR)),-Werror)

SANITIZE = address,undefined -fno-sanitize-recover=all \
    -fno-omit-frame-pointer -U_FORTIFY_SOURCE
CFLAGS_plain = $(HARDEN_CFLAGS)
CFLAGS_sanitize = -O1 -DSATCHEL_SANITIZED -fsanitize=$(SANITIZE)
CFLAGS_prove = $(HARDEN_CFLAGS) -DSATCHEL_PROVE
LDFLAGS_prove = $(HARDEN_LDFLAGS)
CFLAGS_coverage = -O0 --coverage -fprofile-update=prefer-atomic
CFLAGS_fuzz = -O1 -fsanitize=fuzzer-no-link,$(SANITIZE)
LDFLAGS_plain = $(HARDEN_LDFLAGS)

# CPPFLAGS comes after what was probed, so that -UHAVE_ISAL turns it off.
COMPILE = $(CC) -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. \
    -DSATCHEL_VERSION='"$(VERSION)"' $(LIB_CFLAGS) $(CPPFLAGS) \
    $(WARN) $(CFLAGS) $(CFLAGS_$(MODE)) -pthread
LINK = $(CC) $(CFLAGS) $(CFLAGS_$(MODE)) $(LDFLAGS_$(MODE)) $(LDFLAGS) -pthread

# --- What is made of what -------------------------------------------------

obj = $(patsubst %.c,$(B)/%.o,$(1))

LIB_OBJ := $(call obj,$(wildcard bundle/*.c manifests/*.c)) $(B)/bundle/readme_text.o
PACK_OBJ := $(call obj,$(wildcard pack/*.c))
UNPACK_OBJ := $(call obj,$(wildcard unpack/*.c))
PROGRAMS = $(B)/satchel-pack $(B)/satchel-unpack

# tests/unit/test_X.c and tests/fuzz/fuzz_X.c are programs; every other .c
# file beside them is for all of them to use.
UNIT_SRC := $(wildcard tests/unit/test_*.c)
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
REPLAY_SRC := $(wildcard tests/fuzz/replay.c)
HELP_SRC := $(filter-out $(UNIT_SRC) $(FUZZ_SRC) $(REPLAY_SRC), \
    $(wildcard tests/unit/*.c tests/fuzz/*.c))
UNIT = $(UNIT_SRC:%.c=$(B)/%)
FUZZ = $(FUZZ_SRC:%.c=$(B)/%)
BENCH_SRC := $(wildcard bench/*.c)
BENCH = $(BENCH_SRC:%.c=$(B)/%)
TEST_LIBS = $(B)/libtest.a $(B)/libpack.a $(B)/libunpack.a $(B)/libsatchel.a

ALL_OBJ = $(LIB_OBJ) $(PACK_OBJ) $(UNPACK_OBJ) \
    $(call obj,$(UNIT_SRC) $(FUZZ_SRC) $(REPLAY_SRC) $(HELP_SRC) $(BENCH_SRC) \
    man/completions.c)

MAN = $(sort $(wildcard man/*.[1-8]))
NAMES = satchel-pack satchel-unpack
COMPLETIONS = $(NAMES:%=$(B)/completions/%.bash) $(NAMES:%=$(B)/completions/%.zsh) \
    $(NAMES:%=$(B)/completions/%.fish)
DOCS = $(wildcard LICENSE README.md CHANGELOG.md)

all: $(PROGRAMS) $(COMPLETIONS)
tests: $(UNIT) $(FUZZ) $(BENCH)
objects: $(ALL_OBJ)

$(B)/satchel-pack: $(PACK_OBJ) $(B)/libsatchel.a
$(B)/satchel-unpack: $(UNPACK_OBJ) $(B)/libsatchel.a
$(PROGRAMS): $(B)/sources
	@echo '  LINK $@'
	$(Q)$(LINK) -o $@ $(filter %.o %.a,$^) $(LIBS) $(LDLIBS)

$(B)/libsatchel.a: $(LIB_OBJ)
$(B)/libtest.a: $(call obj,$(HELP_SRC))
# For unit tests and fuzz targets alone: what the programs are made of.
$(B)/libpack.a: $(filter-out %/main.o,$(PACK_OBJ))
$(B)/libunpack.a: $(filter-out %/main.o,$(UNPACK_OBJ))
$(B)/lib%.a: $(B)/sources
	@echo '  AR   $@'
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

# Some stand between our own code and what it calls (tests/unit/gpg_memo.h says why).
$(B)/tests/unit/test_every_byte $(B)/tests/unit/test_every_bag_byte: private WRAP = \
    -Wl,--wrap=gpg_verify,--wrap=gpg_unwrap,--wrap=gpg_trust_load,--wrap=writer_open
$(B)/tests/unit/test_key_memory: private WRAP = -Wl,--wrap=munmap
$(B)/tests/unit/test_direct: private WRAP = \
    -Wl,--wrap=pread64,--wrap=pwrite64,--wrap=preadv64v2,--wrap=fcntl64,--wrap=file_in_memory,--wrap=pthread_create
$(B)/tests/unit/test_survey: private WRAP = \
    -Wl,--wrap=fsync,--wrap=futimens,--wrap=utimensat,--wrap=fstat64,--wrap=fstatat64,--wrap=pread64
NO_MEMORY = malloc calloc realloc reallocarray strdup free EVP_CIPHER_CTX_new \
    EVP_MD_CTX_new ZSTD_createCCtx ZSTD_createDCtx archive_read_new yaml_parser_initialize
$(B)/tests/unit/test_no_memory $(B)/tests/unit/test_no_memory_verbs: private WRAP = \
    $(NO_MEMORY:%=-Wl,--wrap=%)
$(B)/tests/unit/test_no_memory_verbs: private WRAP += \
    -Wl,--wrap=gpg_verify,--wrap=gpg_unwrap,--wrap=gpg_trust_load,--wrap=writer_open
TAR_SEEN = $(addprefix archive_entry_,pathname_utf8 hardlink symlink uname gname \
    filetype perm size uid gid mtime mtime_nsec size_is_set mtime_is_set atime_is_set \
    ctime_is_set birthtime_is_set xattr_count acl_types sparse_count fflags \
    mac_metadata) archive_read_data_block archive_read_next_header
$(B)/tests/unit/test_tarother: private WRAP = $(TAR_SEEN:%=-Wl,--wrap=%)
$(UNIT): $(B)/%: $(B)/%.o $(TEST_LIBS)
	@echo '  LINK $@'
	$(Q)$(LINK) $(WRAP) -o $@ $^ $(LIBS) -lcmocka $(LDLIBS)

# libFuzzer brings its own main(), everywhere else replay.c has one.
ENGINE = $(if $(filter fuzz,$(MODE)),,$(call obj,$(REPLAY_SRC)))
$(FUZZ): $(B)/%: $(B)/%.o $(ENGINE) $(TEST_LIBS)
	@echo '  LINK $@'
	$(Q)$(LINK) $(if $(ENGINE),,-fsanitize=fuzzer) -o $@ $^ $(LIBS) $(LDLIBS)

$(BENCH): $(B)/%: $(B)/%.o $(B)/libsatchel.a
	@echo '  LINK $@'
	$(Q)$(LINK) -o $@ $^ $(LIBS) -lm $(LDLIBS)

# From the tables of options.
$(B)/completions/write: $(B)/man/completions.o $(B)/libpack.a $(B)/libunpack.a $(B)/libsatchel.a
	@mkdir -p $(@D)
	@echo '  LINK $@'
	$(Q)$(LINK) -o $@ $^ $(LIBS) $(LDLIBS)
$(COMPLETIONS): $(B)/completions/write
	$(Q)$< $(subst .,,$(suffix $@)) $(basename $(notdir $@)) > $@.new && mv $@.new $@

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	@echo '  CC   $<'
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

# The README.txt of every bundle is compiled in.
$(B)/bundle/readme_text.o: $(B)/bundle/readme_text.c $(B)/flags
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<
$(B)/bundle/readme_text.c: bundle/readme.txt Makefile
	@mkdir -p $(@D)
	$(Q){ echo '#include "bundle/readme.h"' && \
	    echo 'const unsigned char readme_text[] = {' && \
	    od -An -v -tu1 $< | sed 's/[0-9][0-9]*/&,/g' && \
	    echo '};' && \
	    echo 'const size_t readme_text_len = sizeof(readme_text);'; \
	} > $@.new && mv $@.new $@

# Two files that are rewritten only when their text changes, so that other
# flags build everything again, and a source that comes or goes links again.
$(B)/flags: export TEXT = $(COMPILE)
$(B)/sources: export TEXT = $(ALL_OBJ) $(LINK) $(LIBS) $(LDLIBS)
$(B)/flags $(B)/sources: FORCE
	@mkdir -p $(@D)
	@test "$$(cat $@ 2>/dev/null)" = "$$TEXT" || printf '%s\n' "$$TEXT" > $@

$(CONFIG): tests/probe.sh
	@mkdir -p $(@D)
	$(Q)sh tests/probe.sh $(CC) > $@.new && mv $@.new $@

-include $(wildcard $(ALL_OBJ:.o=.d))

# --- Checks ---------------------------------------------------------------

# tests/run says what REQUIRE_ALL, TESTS, JOBS, TEST_TIMEOUT, FUZZ_SECONDS and
# SATCHEL_DATA do, on the command line or in the environment.
RUN = $(PYTHON) tests/run --build '$(abspath $(B))' --mode $(MODE)

deps:
	@sh tests/deps.sh check
deps-lint:
	@sh tests/deps.sh check lint

demo: deps
	@$(MAKE) --no-print-directory all
	@sh tests/demo.sh '$(abspath $(B))' '$(PYTHON)' '$(INPUT)'

check: deps
	@$(MAKE) --no-print-directory check-built
check-built: all tests
	@$(RUN) check

check-long: deps-lint
	@$(MAKE) --no-print-directory long-built
	@$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=1200
long-built: all tests
	@$(RUN) long

sanitize: deps
	@$(MAKE) --no-print-directory MODE=sanitize check-built

lint: deps-lint
	@$(RUN) lint

fuzz: deps-lint
	@$(MAKE) --no-print-directory MODE=fuzz CC=clang fuzz-built
fuzz-built: $(FUZZ)
	@$(RUN) fuzz

coverage: deps
	@$(MAKE) --no-print-directory MODE=coverage coverage-built
coverage-built: all tests
	@find $(B) -name '*.gcda' -exec rm -f {} +
	@$(RUN) check; status=$$?; sh tests/coverage.sh $(B) || exit 1; exit $$status

# bench/README.md says what BENCH_SIZE, BENCH_RUNS, BENCH_DIR and BENCH_TOOLS do.
bench-deps: deps
	@sh tests/deps.sh bench
bench: deps
	@$(MAKE) --no-print-directory bench-built
bench-built: all $(BENCH)
	@$(PYTHON) bench/run.py --build '$(abspath $(B))'

# --- Packaging ------------------------------------------------------------

dist:
	@mkdir -p build
	git archive --format=tar --prefix=satchel-$(VERSION)/ HEAD | \
	    gzip -9n > build/satchel-$(VERSION).tar.gz

# PREFIX is where the programs will find their files; DESTDIR only stages.
install: all
	install -d "$(DESTDIR)$(BINDIR)" "$(DESTDIR)$(DOCDIR)"
	install -m 755 $(PROGRAMS) "$(DESTDIR)$(BINDIR)"
	install -m 644 $(DOCS) "$(DESTDIR)$(DOCDIR)"
	for page in $(MAN); do \
	    install -D -m 644 $$page \
	        "$(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}" || exit 1; \
	done
	for name in $(NAMES); do \
	    install -D -m 644 $(B)/completions/$$name.bash \
	        "$(DESTDIR)$(BASHDIR)/$$name" && \
	    install -D -m 644 $(B)/completions/$$name.zsh \
	        "$(DESTDIR)$(ZSHDIR)/_$$name" && \
	    install -D -m 644 $(B)/completions/$$name.fish \
	        "$(DESTDIR)$(FISHDIR)/$$name.fish" || exit 1; \
	done

uninstall:
	for f in $(notdir $(PROGRAMS)); do rm -f "$(DESTDIR)$(BINDIR)/$$f"; done
	for page in $(MAN); do \
	    rm -f "$(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}"; \
	done
	for name in $(NAMES); do \
	    rm -f "$(DESTDIR)$(BASHDIR)/$$name" "$(DESTDIR)$(ZSHDIR)/_$$name" \
	        "$(DESTDIR)$(FISHDIR)/$$name.fish"; \
	done
	for f in $(DOCS); do rm -f "$(DESTDIR)$(DOCDIR)/$$f"; done
	[ ! -d "$(DESTDIR)$(DOCDIR)" ] || rmdir "$(DESTDIR)$(DOCDIR)"

clean:
	rm -rf build

help:
	@sed -n 's/^#: \{0,1\}//p' Makefile

#: make             build satchel-pack and satchel-unpack into build/
#: make deps        install what is missing (apt-get or dnf); else do nothing
#: make demo        a handoff from one end to the other, in a scratch folder;
#:                  INPUT=DIR packs a folder of yours instead of a sample
#: make check       all tests; TESTS=WORD for those whose name contains WORD,
#:                  JOBS=N at a time, REQUIRE_ALL=1 makes a skip a failure
#: make check-long  what takes longer than ten minutes
#: make sanitize    the tests, under address and undefined-behaviour sanitizer
#: make lint        both compilers' warnings, static analysis, spelling, pages
#: make fuzz        every libFuzzer target for FUZZ_SECONDS (30)
#: make coverage    line coverage of the tests, file by file; fails where a file
#:                  that parses is below the bound (tests/coverage.sh)
#: make bench       speed and size beside other tools (bench/README.md);
#:                  make bench-deps installs these
#: make dist        build/satchel-VERSION.tar.gz of the last commit
#: make install     to PREFIX (/usr/local), staged below DESTDIR
#: make uninstall   remove what install put there
#: make clean       remove build/
#:
#: CC=clang, CFLAGS, CPPFLAGS, LDFLAGS, LDLIBS are obeyed; WERROR=1 turns
#: warnings into errors; V=1 shows the commands.

FORCE:
.PHONY: all tests objects bench-built check-built long-built fuzz-built \
    coverage-built install FORCE $(NO_BUILD)
.DELETE_ON_ERROR:
