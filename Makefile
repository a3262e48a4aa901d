# Pace -- see README.md. Everything generated goes under $(BUILD).
#   make deps        install what the build and the tests need (Debian 12, by apt)
#   make all         build/pace, build/libpace.a, build/libpace.so
#   make deps-shells zsh and fish, whose completion is then tested too
#   make demo        the main job, on recorded benchmark runs
#   make check       all tests; ends with "N passed, N failed"
#   make asan        the tests again under address and undefined-behaviour sanitizers
#   make tsan        the tests with threads under the thread sanitizer
#   make fuzz        any bytes as input, under sanitizers (needs: make deps-fuzz): a program for each parser
#                    and each harness' adapter, 60 s each, JOBS at a time: 20 minutes on two processors.
#                    FUZZ_SECONDS=5 shortens it, FUZZ="adapter-go parse" runs some
#   make layers format lint    rules of the code: includes and symbols, layout, warnings
#   make golden     what tests compare with is written anew: read the difference before you commit it
#   make crash       2,000 writers killed at random moments; make check kills 200
#   make bench       speed, as ratios against peers, in short: two minutes (needs: make deps-bench)
#   make bench-store the store's numbers beside their bars: about six minutes; QUICK=--quick: one (also: make deps-duckdb)
#   make bench-query the query language's numbers beside their bars: two minutes; QUICK=--quick: half of one (also: make deps-duckdb)
#   make oracle      write the reference values of tests/stats anew (needs: make deps-oracle)
#   make bench-detect  how good and how fast change points are found, beside the bars; some minutes (also: make deps-tcpd)
#   make bench-command  start to prompt, long results to a file
#   make bench-rules  rules of `check` beside the default; FILES=results: on those, as backtest sees them
#   make bench-space FILES=histories  bytes a cell of real histories, live and compacted
#   make bench-report the page of 10,000 series: time, size, first paint (also: make deps-browser)
#   make browser     the page of a report, used in Chromium (needs: make deps-browser); DB=directory: of that store
#   make record      record the demo's benchmark runs again (needs: make deps-record)
#   make conformance the real harnesses run, and each of their numbers is found in the store
#                    (needs: make deps-conformance)
#   make actionlint  the examples in .github/workflows, by actionlint (needs Go and the network)
#   make install uninstall clean
# V=1 shows the commands.

# No built-in rules: make would take query/parse.c for something that yacc makes of query/parse.y.
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:

BUILD = build
prefix = /usr/local
exec_prefix = $(prefix)
bindir = $(exec_prefix)/bin
libdir = $(exec_prefix)/lib
includedir = $(prefix)/include
mandir = $(prefix)/share/man
bashdir = $(prefix)/share/bash-completion/completions
zshdir = $(prefix)/share/zsh/site-functions
fishdir = $(prefix)/share/fish/vendor_completions.d
INSTALL = install

CC = gcc
AR = ar
LD = ld
OBJCOPY = objcopy
CFLAGS = -O2 -g
V = 0
say = $(if $(filter 0,$(V)),@echo '$(1) $(2)';)
WERROR =
SANITIZE =

WARNINGS = -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wformat=2 -Wundef \
  -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wimplicit-fallthrough -Wnull-dereference \
  -Werror=format-security -Werror=implicit -Werror=incompatible-pointer-types \
  -Werror=int-conversion $(WERROR)
# The hardening of the OpenSSF guide that gcc 12 and clang 14 both know.
HARDEN_C = -fstack-clash-protection -fstack-protector-strong -fcf-protection=full \
  -fno-delete-null-pointer-checks -fno-strict-aliasing
HARDEN_LD = -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,nodlopen -Wl,--as-needed
ifeq ($(SANITIZE),)
HARDEN_C += -fno-strict-overflow -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -DNDEBUG
else
# Here sums of signed numbers do not wrap silently: the sanitizer tells of them.
SAN = -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
# -ffp-contract=off: the same bits on every machine.
BASE = -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -ffp-contract=off -MMD -MP \
  -I$(BUILD)/query -Iquery $(HARDEN_C) $(SAN)
LIBS = -llmdb -lxxhash -lpcre2-8 -lutf8proc -lm
# libbsd stands before Expat: its archive would answer for functions that libc has as well.
TOOL_LIBS = -ljansson -ledit -ltinfo -lbsd -lmd -lexpat -lz
# The command has its libraries inside where there is an archive of them, and with all of them libc too:
# finding, loading and binding libraries takes a third as long as an answer. Their licences allow it (README).
# STATIC= leaves libc and libm shared, so that a fix of libc needs no other build of the command.
has_file = $(findstring /,$(shell $(CC) -print-file-name=$(1)))
archive = $(if $(call has_file,lib$(1).a),-l:lib$(1).a,-l$(1))
COMMAND_LIBS := $(foreach lib,$(patsubst -l%,%,$(filter-out -lm,$(LIBS) $(TOOL_LIBS))),$(call archive,$(lib))) -lm
# Its addresses are set when it starts: from a list of bits, where libc can read one.
RELR = $(shell printf '%s\n' '#include <features.h>' '#if __GLIBC_PREREQ(2, 36)' -Wl,-z,pack-relative-relocs '#endif' | \
  $(CC) -E -P -x c - 2>/dev/null)
STATIC := $(if $(SANITIZE)$(filter-out -l:% -lm,$(COMMAND_LIBS)),,$(and $(call has_file,libc.a),$(call has_file,rcrt1.o),-static-pie $(RELR)))

ENGINE = $(wildcard engine/*.c)
QUERY = $(wildcard query/*.c query/stats/*.c)
TOOLS = $(wildcard tools/*.c tools/adapters/*.c)
GENERATED = $(BUILD)/query/parse.tab.o $(BUILD)/query/lex.yy.o
LIB_OBJECTS = $(patsubst %.c,$(BUILD)/%.o,$(ENGINE) $(QUERY)) $(GENERATED)
TOOL_OBJECTS = $(patsubst %.c,$(BUILD)/%.o,$(TOOLS))
TEST_PROGRAMS = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/*/test_*.c))
TEST_SCRIPTS = $(wildcard tests/*/test_*.sh)
MAN_PAGES = $(wildcard tools/man/*.[1-9])
PUBLIC_HEADERS = engine/pace.h engine/error.def engine/limits.def query/pace_query.h

DEB_BUILD = gcc make pkg-config flex bison liblmdb-dev libxxhash-dev libpcre2-dev libjansson-dev \
  libutf8proc-dev libexpat1-dev zlib1g-dev libmd-dev libedit-dev libc6-dev binutils
DEB_CHECK = libcmocka-dev locales git clang clang-format cppcheck mandoc tmux less python3 python3-yaml
DEB_SHELLS = bash zsh fish
DEB_RECORD = python3 python3-venv
PIP_ORACLE = mpmath==1.4.1 scipy==1.17.1 numpy==2.4.6
DEB_FUZZ = clang libclang-rt-14-dev
DEB_CONFORMANCE = python3 python3-venv git g++ libbenchmark-dev catch2 hyperfine time valgrind ruby \
  ruby-benchmark-ips default-jdk-headless maven
DEB_BENCH = sqlite3 libsqlite3-dev
DEB_BROWSER = chromium fonts-dejavu-core
NPM_BROWSER = playwright-core@1.65.1
# DuckDB's library: no package of Debian has it, this one of npm does.
NPM_DUCKDB = @duckdb/node-bindings-linux-x64@1.5.6-r.1

.PHONY: all deps deps-record deps-bench deps-duckdb deps-fuzz demo check crash asan tsan fuzz layers format lint bench \
  bench-store bench-query bench-detect record oracle deps-oracle install uninstall clean \
  conformance deps-conformance
all: $(BUILD)/pace $(BUILD)/libpace.a $(BUILD)/libpace.so

# -- building ------------------------------------------------------------------------------------

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BASE) $(WARNINGS) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(BUILD)/query/parse.tab.c $(BUILD)/query/parse.tab.h: query/parse.y
	@mkdir -p $(@D)
	$(call say,BISON,$<)bison -Wall -Wcounterexamples -Werror -o $(BUILD)/query/parse.tab.c --defines=$(BUILD)/query/parse.tab.h $<

$(BUILD)/query/lex.yy.c $(BUILD)/query/lex.yy.h: query/lex.l $(BUILD)/query/parse.tab.h
	@mkdir -p $(@D)
	$(call say,FLEX,$<)flex --header-file=$(BUILD)/query/lex.yy.h -o $(BUILD)/query/lex.yy.c $<

# Generated code is not ours to warn about beyond -Wall.
$(GENERATED): $(BUILD)/query/%.o: $(BUILD)/query/%.c $(BUILD)/query/lex.yy.h
	$(call say,CC,$<)$(CC) $(BASE) -Wall -Wno-unused-function $(WERROR) $(CPPFLAGS) $(CFLAGS) -c $< -o $@
$(patsubst %.c,$(BUILD)/%.o,$(wildcard query/*.c)): | $(BUILD)/query/lex.yy.h

# One object with only pace_* visible, so that the static library brings no other names along.
$(BUILD)/libpace.a: $(LIB_OBJECTS)
	$(call say,AR,$@)$(LD) -r -o $(BUILD)/libpace.o $(LIB_OBJECTS)
	@$(OBJCOPY) --localize-hidden $(BUILD)/libpace.o
	@rm -f $@
	@$(AR) rcs $@ $(BUILD)/libpace.o

$(BUILD)/libpace.so.0: $(LIB_OBJECTS) engine/libpace.map
	$(call say,LINK,$@)$(CC) -shared -Wl,-soname,libpace.so.0 -Wl,--version-script=engine/libpace.map -Wl,-z,defs \
	  $(HARDEN_LD) $(SAN) $(LDFLAGS) -o $@ $(LIB_OBJECTS) $(LIBS)
$(BUILD)/libpace.so: $(BUILD)/libpace.so.0
	@ln -sf libpace.so.0 $@

# The scripts of completion are inside the command.
$(BUILD)/tools/cmd_completion.o: $(wildcard tools/completions/*)

# A linker writes here and there; of a file that was written at one go the kernel has larger pieces in memory,
# and starting it takes a quarter of a millisecond less. So it is copied, as installing it does.
$(BUILD)/pace: $(LIB_OBJECTS) $(TOOL_OBJECTS) $(if $(STATIC),$(BUILD)/tools/static/users.o)
	$(call say,LINK,$@)$(CC) $(or $(STATIC),-pie) $(HARDEN_LD) $(SAN) $(CFLAGS) $(LDFLAGS) -o $@.linked $^ $(COMMAND_LIBS)
	@$(INSTALL) -m 755 $@.linked $@ && rm -f $@.linked

$(BUILD)/pace.pc: Makefile
	@mkdir -p $(@D)
	printf '%s\n' 'prefix=$(prefix)' 'libdir=$(libdir)' 'includedir=$(includedir)' '' 'Name: pace' \
	  'Description: benchmark history as a database' 'Version: 0.1.0' \
	  'Libs: -L$${libdir} -lpace' 'Libs.private: $(LIBS)' 'Cflags: -I$${includedir}' > $@

# The files that assets.c takes in.
$(BUILD)/tools/assets.o: $(wildcard tools/assets/*)

# -- tests ---------------------------------------------------------------------------------------

# All but main.o, as an archive: a program has inside what it calls, and is linked sooner.
$(BUILD)/all.a: $(LIB_OBJECTS) $(filter-out $(BUILD)/tools/main.o,$(TOOL_OBJECTS))
	@rm -f $@
	$(call say,AR,$@)$(AR) rcs $@ $^

TEST_LINKED = $(TEST_PROGRAMS) $(BUILD)/tests/conformance/cells
$(TEST_LINKED:=.o): CPPFLAGS += -Itests -Wno-missing-prototypes
$(TEST_LINKED): $(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/all.a
	$(call say,TEST,$@)$(CC) $(SAN) $(CFLAGS) -o $@ $^ -pie $(LDFLAGS) -lcmocka $(LIBS) $(TOOL_LIBS)

# Those that take long begin first, so that no processor waits for them at the end.
LONG = model/test_store_model crash/test_crash unit/test_run model/test_kept lang/test_gather model/test_many_branches \
  fault/test_no_memory fault/test_lmdb_errors model/test_query_model
TESTS = $(filter $(LONG:%=$(BUILD)/tests/%),$(TEST_PROGRAMS)) $(filter-out $(LONG:%=$(BUILD)/tests/%),$(TEST_PROGRAMS)) \
  $(TEST_SCRIPTS)

# As many compilers at a time as there are processors, where make was not told otherwise.
JOBS = $(shell nproc)
PARALLEL = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))
.PHONY: tests
tests: all $(TEST_PROGRAMS)
check:
	@$(MAKE) --no-print-directory $(PARALLEL) tests
	BUILD=$(BUILD) CC="$(CC)" tests/run $(TESTS)

# Tests whose expected texts are files that they can write; those made from a failing answer are to be read.
GOLDEN = $(shell grep -lE 'PACE_UPDATE_GOLDEN|"(golden|page)\.h"' $(wildcard tests/*/test_*.c tests/*/test_*.sh))
.PHONY: golden
golden:
	@$(MAKE) --no-print-directory $(PARALLEL) all $(patsubst %.c,$(BUILD)/%,$(filter %.c,$(GOLDEN)))
	PACE_UPDATE_GOLDEN=1 BUILD=$(BUILD) tests/run $(patsubst tests/%.c,$(BUILD)/tests/%,$(GOLDEN))
	@git --no-pager diff --stat -- tests tools/man

crash: $(BUILD)/tests/crash/test_crash
	PACE_CRASH_CYCLES=2000 BUILD=$(BUILD) tests/run $<

# The random tests run shorter there: a sanitizer is for each path, not for each number. It tells lines, for
# which -g1 is enough.
asan:
	PACE_TEST_MUTATIONS=100 PACE_QUERIES=300 PACE_CRASH_CYCLES=10 PACE_MODEL_OPERATIONS=10000 PACE_SWEEP=20 \
	  $(MAKE) check BUILD=build/asan SANITIZE=address,undefined CFLAGS="-O1 -g1"

# Tests with threads, under the thread sanitizer. A forked child leaves threads alone that ended before it began.
TSAN_TESTS = tests/unit/test_together tests/fault/test_threads tests/model/test_parts tests/model/test_ahead
TSAN_SETTINGS = BUILD=build/tsan SANITIZE=thread CFLAGS="-O1 -g"
tsan:
	$(MAKE) $(TSAN_SETTINGS) $(TSAN_TESTS:%=build/tsan/%)
	TSAN_OPTIONS=report_thread_leaks=0 PACE_QUERIES=100 BUILD=build/tsan tests/run $(TSAN_TESTS:%=build/tsan/%)

# Any bytes as input, under sanitizers: each program for FUZZ_SECONDS, JOBS at a time. fuzz_adapter.c is
# a program for each row of adapter.def, and one that recognises by content.
FUZZ_SECONDS = 60
FUZZ = $(filter-out adapter,$(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))) \
  $(patsubst %,adapter-%,auto $(shell sed -n 's/^ADAPTER.\([a-z0-9_]*\),.*/\1/p' tools/adapters/adapter.def))
FUZZ_TARGETS = $(FUZZ:%=build/fuzz/fuzz/fuzz_%)
FUZZ_SETTINGS = BUILD=build/fuzz CC="$(FUZZ_CC)" SANITIZE=fuzzer-no-link,address,undefined CFLAGS="-O1 -g"
FUZZ_CC = clang
fuzz:
	@$(MAKE) --no-print-directory $(PARALLEL) $(FUZZ_SETTINGS) $(FUZZ_TARGETS)
	tests/fuzz/run build $(FUZZ_SECONDS) $(JOBS) $(FUZZ_TARGETS)

FUZZ_BUILD = mkdir -p $(@D) && $(CC) $(BASE) $(WARNINGS) $(CPPFLAGS) $(CFLAGS) -fsanitize=fuzzer -Itests -o $@ $< \
  $(BUILD)/all.a $(LDFLAGS) $(LIBS) $(TOOL_LIBS)
$(BUILD)/fuzz/fuzz_adapter-%: tests/fuzz/fuzz_adapter.c $(BUILD)/all.a
	$(call say,FUZZ,$@)$(FUZZ_BUILD) -DFUZZ_ADAPTER='"$*"'
$(BUILD)/fuzz/%: tests/fuzz/%.c $(BUILD)/all.a
	$(call say,FUZZ,$@)$(FUZZ_BUILD)

demo: all
	@tests/data/fun_notification/demo $(BUILD)

layers: all
	tests/layers $(BUILD)

SOURCES = $(wildcard engine/*.[ch] query/*.[ch] query/stats/*.[ch] tools/*.[ch] tools/adapters/*.[ch] tools/static/*.[ch] \
  tests/*.h tests/*/*.[ch] tests/data/*/*.c bench/*.[ch])
format:
	clang-format --dry-run -Werror $(SOURCES)

# Nothing of it is run, so nothing is said to debuggers; gcc finds more where it optimizes more, clang does not.
# lint-gcc says no more than make check WERROR=-Werror.
.PHONY: lint-gcc lint-clang lint-source
lint: lint-gcc lint-clang lint-source
lint-gcc:
	$(MAKE) $(PARALLEL) all BUILD=build/lint-gcc CC=gcc WERROR=-Werror CFLAGS=-O2
lint-clang:
	$(MAKE) $(PARALLEL) all BUILD=build/lint-clang CC=clang WERROR=-Werror CFLAGS=-O1
lint-source:
	cppcheck -j $(JOBS) --std=c11 --quiet --error-exitcode=1 --inline-suppr --enable=warning,portability \
	  --suppress=missingIncludeSystem --suppress=toomanyconfigs -I build/query -I query engine query tools
	@if command -v mandoc >/dev/null; then mandoc -Tlint -Wwarning $(MAN_PAGES); else echo "lint: no mandoc; man pages are not checked"; fi

bench: all
	bench/run $(BUILD) --quick

bench-query: all $(BUILD)/tests/model/test_query_model
	bench/run $(BUILD) execute language $(QUICK)

bench-detect: all
	bench/run $(BUILD) detect

.PHONY: bench-space
bench-space: all
	bench/space $(BUILD) $(FILES)

.PHONY: bench-rules
bench-rules: all
	bench/rules $(BUILD) $(FILES)

.PHONY: bench-command
bench-command: all
	bench/run $(BUILD) command

bench-store: all
	bench/run $(BUILD) store branches $(QUICK)

.PHONY: actionlint
actionlint:
	go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.7 $(wildcard .github/workflows/*.yml)

.PHONY: bench-report browser deps-browser
bench-report: all
	bench/run $(BUILD) report

browser: all
	tests/browser/run $(BUILD) $(DB)

conformance: all $(BUILD)/tests/conformance/cells
	tests/conformance/run $(BUILD)

record:
	tests/data/fun_notification/record

oracle:
	$(BUILD)/oracle/bin/python tests/stats/data/make_pairs.py tests/stats/data
	$(BUILD)/oracle/bin/python tests/stats/data/make.py tests/stats/data

# -- dependencies --------------------------------------------------------------------------------

# $(call apt,packages): installs those that are missing, and says which.
define apt
	@missing=$$(for p in $(1); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q ' installed' || echo $$p; done); \
	if [ -z "$$missing" ]; then echo "deps: all there"; else \
	  sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  echo "deps: installing" $$missing; \
	  $$sudo apt-get update -q && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing; fi
endef
deps:
	$(call apt,$(DEB_BUILD) $(DEB_CHECK))
# Completion is tested in those that are there.
.PHONY: deps-shells
deps-shells:
	$(call apt,$(DEB_SHELLS))
deps-record:
	$(call apt,$(DEB_RECORD))
deps-bench:
	$(call apt,$(DEB_BENCH))
deps-oracle:
	$(call apt,$(DEB_RECORD))
	python3 -m venv $(BUILD)/oracle
	$(BUILD)/oracle/bin/pip install -q $(PIP_ORACLE)
deps-conformance:
	$(call apt,$(DEB_CONFORMANCE))
	tests/conformance/deps $(BUILD)
deps-fuzz:
	$(call apt,$(DEB_FUZZ))
# Annotated series for bench-detect: no package has them.
GIT_TCPD = https://github.com/alan-turing-institute/TCPD
.PHONY: deps-tcpd
deps-tcpd:
	@[ -e $(BUILD)/tcpd/annotations.json ] || git clone -q --depth 1 $(GIT_TCPD) $(BUILD)/tcpd
# It only drives a browser; npm is asked for the package, as for DuckDB's.
deps-browser:
	$(call apt,$(DEB_BROWSER))
	@mkdir -p $(BUILD)/browser
	cd $(BUILD)/browser && tar -xzf "$$(npm pack --silent $(NPM_BROWSER))" && rm -f *.tgz
deps-duckdb:
	@mkdir -p $(BUILD)/duckdb
	cd $(BUILD)/duckdb && tar -xzf "$$(npm pack --silent $(NPM_DUCKDB))" --strip-components=1 package/libduckdb.so && rm -f *.tgz

# -- installing ----------------------------------------------------------------------------------

install: all $(BUILD)/pace.pc
	$(INSTALL) -d $(DESTDIR)$(bindir) $(DESTDIR)$(libdir)/pkgconfig $(DESTDIR)$(includedir)/pace/engine $(DESTDIR)$(includedir)/pace/query
	$(INSTALL) -m 755 $(BUILD)/pace $(DESTDIR)$(bindir)/pace
	$(INSTALL) -m 644 $(BUILD)/libpace.a $(DESTDIR)$(libdir)/libpace.a
	$(INSTALL) -m 755 $(BUILD)/libpace.so.0 $(DESTDIR)$(libdir)/libpace.so.0
	ln -sf libpace.so.0 $(DESTDIR)$(libdir)/libpace.so
	for h in $(PUBLIC_HEADERS); do $(INSTALL) -m 644 $$h $(DESTDIR)$(includedir)/pace/$$h; done
	$(INSTALL) -m 644 $(BUILD)/pace.pc $(DESTDIR)$(libdir)/pkgconfig/pace.pc
	for m in $(MAN_PAGES); do d=$(DESTDIR)$(mandir)/man$${m##*.}; $(INSTALL) -d $$d && $(INSTALL) -m 644 $$m $$d/$${m##*/} || exit 1; done
	$(INSTALL) -d $(DESTDIR)$(bashdir) $(DESTDIR)$(zshdir) $(DESTDIR)$(fishdir)
	$(INSTALL) -m 644 tools/completions/pace.bash $(DESTDIR)$(bashdir)/pace
	$(INSTALL) -m 644 tools/completions/_pace $(DESTDIR)$(zshdir)/_pace
	$(INSTALL) -m 644 tools/completions/pace.fish $(DESTDIR)$(fishdir)/pace.fish

uninstall:
	rm -f $(DESTDIR)$(bindir)/pace $(DESTDIR)$(libdir)/libpace.a $(DESTDIR)$(libdir)/libpace.so \
	  $(DESTDIR)$(libdir)/libpace.so.0 $(DESTDIR)$(libdir)/pkgconfig/pace.pc \
	  $(DESTDIR)$(bashdir)/pace $(DESTDIR)$(zshdir)/_pace $(DESTDIR)$(fishdir)/pace.fish
	for h in $(PUBLIC_HEADERS); do rm -f $(DESTDIR)$(includedir)/pace/$$h; done
	for m in $(MAN_PAGES); do rm -f $(DESTDIR)$(mandir)/man$${m##*.}/$${m##*/}; done
	-rmdir $(DESTDIR)$(includedir)/pace/engine $(DESTDIR)$(includedir)/pace/query $(DESTDIR)$(includedir)/pace

clean:
	rm -rf build

-include $(LIB_OBJECTS:.o=.d) $(TOOL_OBJECTS:.o=.d) $(BUILD)/tools/static/users.d $(TEST_PROGRAMS:=.d)
