# SPDX-License-Identifier: GPL-2.0
#
# ipcbox. "make help" lists the targets.

BUILD ?= $(CURDIR)/build
KDIR ?= /lib/modules/$(shell uname -r)/build
MODULE ?= $(BUILD)/module
PREFIX ?= /usr/local
INSTALL ?= install

.PHONY: all module modules_install lib tools install install-man load unload
.PHONY: bench bench-check bench-baseline bench-page demo mutants test test-debug test-kcsan test-all
.PHONY: storm fuzz syzkaller coverage check abi vm clean help

all: lib tools $(if $(wildcard $(KDIR)/Makefile),module,no-headers)

.PHONY: no-headers
no-headers:
	@echo "The module was not built: there are no headers of the running kernel in $(KDIR)."
	@echo "On Debian: apt-get install linux-headers-$$(uname -r)"

# A kernel's build writes beside the sources, so it gets a copy; the times stay,
# so that only what changed is compiled.
module:
	@mkdir -p $(MODULE)
	@find $(MODULE) -name '*.[ch]' ! -name '*.mod.c' -delete
	@cp -rp Kbuild module uapi $(MODULE)
	$(MAKE) -C $(KDIR) M=$(MODULE) modules

modules_install: module
	$(MAKE) -C $(KDIR) M=$(MODULE) modules_install

lib tools:
	$(MAKE) -C $@ BUILD=$(BUILD)

install: lib tools install-man
	$(MAKE) -C lib BUILD=$(BUILD) PREFIX=$(PREFIX) install
	$(MAKE) -C tools BUILD=$(BUILD) PREFIX=$(PREFIX) install

# Each call of the library has a page, made from its header.
install-man: mandir = $(DESTDIR)$(PREFIX)/share/man
install-man:
	for page in man/*.[1-9]; do \
		$(INSTALL) -D -m 644 $$page $(mandir)/man$${page##*.}/$${page##*/} || exit; \
	done
	umask 022 && for header in lib/ipcbox.h lib/ipcbox_call.h lib/ipcbox_buffer.h; do \
		awk -v dir=$(mandir)/man3 -f man/calls.awk $$header || exit; \
	done

load:
	insmod $(MODULE)/ipcbox.ko

unload:
	rmmod ipcbox

# CMD is taken as it was typed: make does not look for its own variables in it.
override CMD := $(value CMD)
export BUILD CMD
demo mutants test vm check coverage abi:
	@selftests/vm/$@.sh

# All tests, or those that run several tasks at once, on a kernel that looks for faults.
test-debug test-kcsan:
	@KERNEL=$(@:test-%=%) selftests/vm/test.sh

test-all:
	@WHOLE=y KERNEL='6.1 6.12 7.2 debug kcsan' selftests/vm/test.sh

# (To bash SECONDS is something else, so it is not passed in the environment.)
storm fuzz:
	@selftests/vm/seeded.sh $@ '$(SECONDS)' '$(SEED)'

# For sys/linux of syzkaller; then enable *ipcbox* in its manager.
syzkaller:
	@mkdir -p $(BUILD)/syzkaller
	cd selftests && awk -v const=$(BUILD)/syzkaller/ipcbox.txt.const -f uapi.awk \
		-f fuzz/syzkaller.awk ../uapi/linux/ipcbox*.h abi.expected \
		>$(BUILD)/syzkaller/ipcbox.txt

bench:
	@selftests/vm/bench.sh

bench-check bench-baseline bench-page:
	@selftests/vm/bench.sh $(@:bench-%=%)

clean:
	rm -rf $(BUILD)

help:
	@echo 'On this machine:'
	@echo '  make              module for the running kernel, library and tools, in build/'
	@echo '  make load         load the module (as root); unload'
	@echo '  make install      library, tools, headers and manual pages (DESTDIR, PREFIX)'
	@echo '  make modules_install   the module'
	@echo '  make clean'
	@echo 'In the test machine, which is fetched, built and booted as needed:'
	@echo '  make demo         see it work on real files'
	@echo '  make test         the tests, on all stock kernels'
	@echo '                    KERNEL=6.1|6.12|7.2 BITS=64|32 TEST=program[.test]'
	@echo '  make test-debug   all tests where KASAN, lockdep, kmemleak and others look on'
	@echo '  make test-kcsan   tests of what runs at once, where races are told'
	@echo '                    both build a kernel first, once, in 15 minutes'
	@echo '  make test-all     these three, and what they leave out: all of it in 32 bits, on each'
	@echo '  make storm        random commands of many processes, checked against a model'
	@echo '                    KERNEL=6.1|6.12|7.2|debug|kcsan BITS=64|32 SECONDS=60 SEED=n'
	@echo '  make fuzz         programs of its calls, made by chance, guided by what they reach'
	@echo '                    SECONDS=60 SEED=n KERNEL=debug|kcsan|6.12'
	@echo '  make syzkaller    describe its calls for syzkaller, in build/syzkaller/'
	@echo '  make mutants      plant faults one by one, and see what catches them'
	@echo "                    MUTANTS='lane-* call-*' KERNEL=6.1|6.12"
	@echo '  make coverage     lines and branches of the module that the tests execute'
	@echo '  make bench        ipcbox beside what else could be used: a table, and in build/bench/'
	@echo '                    results.csv and charts'
	@echo '                    KERNEL=6.1|6.12|7.2 CLOCK=instructions|wall'
	@echo '  make bench-check  fail where a budget is missed or a case got 5 % slower'
	@echo '  make bench-baseline   keep what is measured now as what that compares with'
	@echo '  make bench-page   put what was measured last into docs/performance.md'
	@echo '  make vm           a shell in it (KERNEL=6.1|6.12|7.2|debug|kcsan)'
	@echo "  make vm CMD='...' FILES='...'   run a command there, with these files"
	@echo 'For those who change ipcbox:'
	@echo '  make check        static checks'
	@echo '  make abi          take a change of the uapi headers into selftests/abi.expected'
