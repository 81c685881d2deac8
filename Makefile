# wsbox: one non-recursive Makefile; what each folder builds stands in its Kbuild.
#
# A Kbuild file sets, relative to its own folder:
#   obj-y, obj-$(CONFIG_X)   objects of the layer (collected in <folder>/lib.a)
#   prog-y                   programs; for each:  <prog>-y       its objects
#                                                 <prog>-libs    layers it links, highest first
#                                                 <prog>-ldlibs  system libraries
#                                                 <prog>-glibc   y: never with musl
#   test-y                   test programs, built and linked like prog-y but only by "make check"
#   check-y                  other tests: executable files run by "make check"
#   helper-y                 programs that tests use: built like them, not run by themselves
# and may add rules of its own with $(d) as its folder and $(o) as its output folder.

VERSION  := 0.1.0
SAN      ?=
O        ?= build$(if $(SAN),-san)
CC       ?= gcc
ifeq ($(origin CC),default)
CC       := gcc
endif
AR       ?= ar
PREFIX   ?= /usr/local
# The programs' C library. With musl a static program starts in a quarter of glibc's time, most of which is spent in CPUID
# instructions, which trap in virtual machines. Tests are linked against glibc, as Check is.
MUSL_DIR ?= x86_64-linux-musl
LIBC     ?= $(if $(SAN),glibc,$(if $(wildcard /usr/lib/$(MUSL_DIR)/rcrt1.o),musl,glibc))
Q        := $(if $(V),,@)
say       = $(if $(V),:,printf '  %-7s %s\n' '$1' '$2')

# The optimizing tier needs LLVM's development package, 19 or newer, any of these (the program alone is in
# another package), and what that is linked with.
LLVM_CONFIG ?= $(patsubst /usr/lib/llvm-%/include/llvm-c/Core.h,/usr/bin/llvm-config-%,$(firstword \
	       $(wildcard $(foreach v,19 20 21 22,/usr/lib/llvm-$v/include/llvm-c/Core.h))))
CONFIG_LLVM ?= $(if $(LLVM_CONFIG),$(if $(wildcard $(shell $(CC) -print-file-name=libzstd.a)),y))
ifneq ($(CONFIG_LLVM),)
LLVM_VERSION := $(shell $(LLVM_CONFIG) --version)
LLVM_LIBS := -L$(shell $(LLVM_CONFIG) --libdir) -Wl,--start-group \
	     $(shell $(LLVM_CONFIG) --link-static --libs x86codegen x86disassembler passes) -Wl,--end-group -lstdc++ -lz -lzstd -lm -Wl,--no-warnings
LLVM_FLAGS := -isystem $(shell $(LLVM_CONFIG) --includedir)
endif

CPPFLAGS += -I. -I$(O) -D_GNU_SOURCE -DWSBOX_VERSION='"$(VERSION)"'
# clang 19 tells of a wrong instruction (jit/x64-raw.h) on a path that cannot be taken; gcc stays strict.
wrong-path := $(if $(findstring clang,$(CC)),-Wno-error=attribute-warning)
WARN     := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla \
	    -Wimplicit-fallthrough -Wno-unused-parameter $(if $(WERROR),-Werror $(wrong-path))
CFLAGS   ?= -O2 -g
CONFIGS  := $(foreach v,$(filter CONFIG_%,$(.VARIABLES)),$(if $(filter y,$($v)),-D$v=1))
ALLFLAGS := -std=gnu11 -fno-strict-aliasing -fno-omit-frame-pointer -fstack-protector-strong -fPIE -pthread \
	    -MMD -MP $(WARN) $(CPPFLAGS) $(CONFIGS) $(CFLAGS)
LINK     := -static-pie
ifneq ($(SAN),)
ALLFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -DWSBOX_SAN=1
LINK     := -pie -fsanitize=address,undefined
endif
LDFLAGS  += -pthread -Wl,-z,relro,-z,now

# P: where what goes into programs is built; O: what goes into tests. One place if both use one C library.
P        := $(if $(filter musl,$(LIBC)),$(O)/musl,$(O))
MUSL_CC  := $(CC) -nostdinc -isystem /usr/include/$(MUSL_DIR) -isystem $(shell $(CC) -print-file-name=include) \
	    -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu
MUSL_LIB := /usr/lib/$(MUSL_DIR)
MUSL_BEG := -nostdlib $(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o -L$(MUSL_LIB)
MUSL_END := -Wl,--start-group -lc -lgcc -lgcc_eh -Wl,--end-group $(MUSL_LIB)/crtn.o

all:
include Kbuild

all-objs :=
layer-libs :=
progs :=
tests :=
helpers :=
checks :=
generated :=

define layer
d := $1
o := $(O)/$1
obj-y :=
prog-y :=
test-y :=
check-y :=
helper-y :=
include $1/Kbuild
$$(foreach b,$$(sort $(O) $(P)),$$(eval $$(call archive,$1,$$b)))
progs += $$(addprefix $1/,$$(prog-y))
tests += $$(addprefix $1/,$$(test-y))
helpers += $$(addprefix $1/,$$(helper-y))
checks += $$(addprefix $1/,$$(check-y))
$$(foreach p,$$(prog-y),$$(eval $$(call program,$1,$$p,$$(if $$($$p-glibc),$(O),$(P)))))
$$(foreach p,$$(test-y) $$(helper-y),$$(eval $$(call program,$1,$$p,$$(if $$($$p-musl),$(P),$(O)))))
endef

# $1 folder, $2 where it is built
define archive
all-objs += $$(addprefix $2/$1/,$$(obj-y))
$2/$1/lib.a: $$(addprefix $2/$1/,$$(obj-y))
layer-libs += $2/$1/lib.a
endef

# $1 folder, $2 program, $3 where its parts are built. Objects of other folders (../x.o, ../../tools/x.o) go by the name they
# have there: what an object depends on is written down under one name, that under which it was compiled last.
space := $() $()
up = $(subst $(space),/,$(patsubst %,..,$(subst /, ,$1)))
define program
objs-$1/$2 := $$(subst $1/../,$(dir $1),$$(subst $1/$(call up,$1)/,,$$(addprefix $3/$1/,$$(if $$($2-y),$$($2-y),$2.o))))
all-objs += $$(objs-$1/$2)
$(O)/$1/$2: $$(objs-$1/$2) $$(patsubst %,$3/%/lib.a,$$($2-libs))
$(O)/$1/$2: ldlibs := $$($2-ldlibs)
$(O)/$1/$2: before := $(if $(filter-out $(O),$3),$(MUSL_BEG))
$(O)/$1/$2: after := $(if $(filter-out $(O),$3),$(MUSL_END))
$(O)/$1/$2: link := $$(if $$($2-dynamic),$$(filter-out -static-pie,$(LINK)) -pie,$(LINK))
endef

$(foreach l,$(layer-y),$(eval $(call layer,$l)))

prog-files  := $(addprefix $(O)/,$(progs))
test-files  := $(addprefix $(O)/,$(tests))
help-files  := $(addprefix $(O)/,$(helpers))

all: $(prog-files) ## build the programs (default)

# Rebuilt when the flags change.
flags-now := $(CC) $(LIBC) $(ALLFLAGS) $(LDFLAGS) $(LINK)
$(O)/.flags: FORCE
	@mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(flags-now))' | cmp -s - $@ || \
	printf '%s\n' '$(subst ','\'',$(flags-now))' > $@

$(O)/musl/%.o: %.c $(O)/.flags | $(generated)
	@mkdir -p $(@D); $(call say,CC,$@)
	$(Q)$(MUSL_CC) $(ALLFLAGS) -c -o $@ $<
$(O)/%.o: %.c $(O)/.flags | $(generated)
	@mkdir -p $(@D); $(call say,CC,$@)
	$(Q)$(CC) $(ALLFLAGS) -c -o $@ $<
$(O)/musl/%.o: %.S $(O)/.flags
	@mkdir -p $(@D); $(call say,AS,$@)
	$(Q)$(MUSL_CC) $(ALLFLAGS) -c -o $@ $<
$(O)/%.o: %.S $(O)/.flags
	@mkdir -p $(@D); $(call say,AS,$@)
	$(Q)$(CC) $(ALLFLAGS) -c -o $@ $<
$(layer-libs):
	@mkdir -p $(@D); $(call say,AR,$@)
	$(Q)rm -f $@; $(AR) rcs $@ $^
$(prog-files) $(test-files) $(help-files):
	@mkdir -p $(@D); $(call say,LD,$@)
	$(Q)$(CC) $(link) $(LDFLAGS) -o $@ $(before) $(filter %.o,$^) \
	  -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(ldlibs) $(after)

-include $(all-objs:.o=.d)

tests: all $(test-files) $(help-files) ## build the test programs

# These install first and build then: what is installed decides how to build (LIBC above).
check: deps-check ## install what the tests need, build, run all tests
	$(Q)+$(MAKE) $(jobs) tests
	$(Q)$(with-tools) O=$(O) SAN=$(SAN) tests/run $(test-files) $(checks)

check-vm: tests ## run what needs Debian's kernels and systemd in virtual machines (slow)
	$(Q)O=$(O) tests/vm/run $(VM)

quickstart: deps-build ## install what the build needs, build, run a program confined
	$(Q)+$(MAKE) $(jobs) all
	$(Q)O=$(O) tools/quickstart

jobs = --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
deps-build deps-check:
	$(Q)tools/deps $(@:deps-%=%)
with-tools = PATH="$$PATH:$$(tools/deps path)"

bench: all $(addprefix $(O)/tests/,bench/launch bench/walls golden/dump) ## measure against native code and the peers installed here
	$(Q)$(with-tools) O=$(O) tests/bench/run $(BENCH)

fuzz: ## fuzz every target for FUZZ_SECONDS each (default 60)
	$(Q)$(with-tools) O=$(O) tests/fuzz/run $(FUZZ)

lint: ## checks of structure and of the scripts
	$(Q)O=$(O) tests/check/lint

install: all ## copy programs, manual pages and completion below DESTDIR/PREFIX
	$(Q)O=$(O) DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) tools/install
uninstall: ## remove what install copied
	$(Q)O=$(O) DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) tools/install --remove

clean: ## remove the output folder
	rm -rf $(O)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16
	@echo '  variables: O=<output folder> V=1 SAN=1 CC=clang LIBC=musl|glibc CFLAGS= WERROR=1 CONFIG_X=y DESTDIR= PREFIX='

FORCE:
.PHONY: all tests check check-vm quickstart deps-build deps-check bench fuzz lint install uninstall clean help FORCE
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
