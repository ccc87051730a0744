# SPDX-License-Identifier: MIT
#
# rules.mk - the one build engine.
#
# An application (kernel/apps/NAME/app.mk) names the modules that it needs and
# the devices that it uses; a module (kernel/PATH/module.mk) names its sources
# and the modules that it needs in turn. This file walks those lists, and
# compiles and links what it met and nothing else.
#
#   app.mk and module.mk:
#     SRCS       sources beside this file; a name found in $(ARCH)/ is taken
#                from there
#     NEEDS      modules, as paths under kernel/
#     ARCHS      the only ones for which there is such a thing
#     WITH_NET   the only network library with which it can be had
#     HOSTED     not empty: its sources use the C library of a Unix process
#     EXERCISES  bodies that students write, as paths under labs/ or solutions/
#     APART      those of its sources whose functions the compiler itself calls,
#                and which LTO=1 therefore leaves as they are
#     INCLUDES   include roots for this module alone (third-party headers)
#     VENDOR     third-party sources, under $(BUILD)
#     FETCH      the script that gets them; it is given their folder, leaves the
#                file .verified there, and accepts what agrees with the module's
#                manifest.sha256
#   app.mk only:
#     DEVICES    net0, rng0, ...: which drivers stand behind them is said by
#                arch/$(ARCH)/devices.mk
#     TREE       a folder to link into the image for fs/mem
#     ON_DISK    the script that makes what is on its disk: it is given the
#                image's name, and all modules of the application in MODULES;
#                beside the image it leaves IMAGE.d, rules for make that say
#                what the image was made of
#     READY      what it says once it runs, if it then goes on and on; for
#                grader/lodge/smallest.py
#
#   APP         what to build
#   ARCH        for what: x86_64, aarch64, or unix (a process)
#   NET         which network library is under it (kernel/net/stack): lwip, or
#               sockets (of the host, unix only)
#   SANITIZE    which sanitizers watch it (unix only): address,undefined
#   HEAP        lodge, or host (unix only): its own heap, or the C library's,
#               which valgrind and sanitizers understand, and SANITIZE implies
#   LTO         1: the compiler sees all files at once, when they are linked
#               (link-time optimisation). A tenth fewer instructions, and ten
#               seconds a link: for an image that is to be shipped or measured.
#               It lies beside the everyday one, in a folder of its own
#   MINE        which exercises come from $(LABS) rather than solutions/: a
#               lab's number, a file's name, or `all`; several are fine
#   LABS        the folder of the student's files
#   OUT         where the image goes, and objects of files under $(LABS)
#   WITH        modules that it does not name itself: profile
#   V=1         show commands

APP  ?= web
ARCH ?= x86_64
LABS ?= labs
BUILD ?= build

ARCHITECTURES := $(patsubst kernel/arch/%/sources.mk,%,\
                   $(wildcard kernel/arch/*/sources.mk))
comma := ,
empty :=
listed = $(subst $(empty) ,$(comma) ,$(strip $(1)))
# $(1) the variable, $(2) what it may be, $(3) with what.
one_of = $(if $(filter $($(1)),$(2)),,$(error There is no $(1)=$($(1))$(3). \
           $(if $(word 2,$(2)),There are,There is): $(call listed,$(2))))
# $(1) the variable, which is for who has one of $(2) alone.
only_for = $(if $($(1)),$(if $(2),,$(error There is no $(1) with ARCH=$(ARCH). \
             It is for ARCH=unix)))

$(call one_of,ARCH,$(ARCHITECTURES))
include kernel/arch/$(ARCH)/devices.mk      # NETS, HEAPS, DRIVERS.*
with = $(empty) with ARCH=$(ARCH)
NET ?= $(firstword $(NETS))
$(call one_of,NET,$(NETS),$(with))
HEAPS ?= lodge
HEAP  ?= $(firstword $(HEAPS))
$(call one_of,HEAP,$(HEAPS),$(with))
$(call only_for,SANITIZE,$(SANITIZERS))
$(foreach SANITIZE,$(subst $(comma), ,$(SANITIZE)), \
    $(call one_of,SANITIZE,$(SANITIZERS)))

# What is built for a machine does not differ by what is built for a process.
TARGET := $(ARCH)$(if $(word 2,$(NETS)),-$(NET))$(if \
            $(SANITIZE),-sanitized)$(if $(filter-out \
            $(firstword $(HEAPS)),$(HEAP)),-$(HEAP)-heap)$(if $(LTO),-lto)
OUT  ?= $(BUILD)/$(TARGET)/$(APP)$(addprefix -with-,$(subst /,-,$(WITH)))
OBJ  := $(BUILD)/$(TARGET)/obj

Q := $(if $(V),,@)
QUIET := $(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS))))
say = $(if $(V)$(QUIET),@:,@echo "  $(1)  $(2)")

# ---- Which modules --------------------------------------------------------

# Every module is read once; its lists end up in variables named after it.
MODULES :=
FIELDS  := SRCS NEEDS ARCHS WITH_NET HOSTED EXERCISES APART INCLUDES VENDOR \
           FETCH
APP_FIELDS := DEVICES TREE ON_DISK
define load
ifeq ($$(filter $(1),$$(LOADED)),)
LOADED += $(1)
$$(foreach f,$$(FIELDS) $$(APP_FIELDS),$$(eval $$(f) :=))
DIR := kernel/$(1)
include $$(firstword $$(wildcard kernel/$(1)/module.mk kernel/$(1)/app.mk) \
          kernel/$(1)/module.mk)
$$(foreach f,$$(FIELDS) $$(APP_FIELDS),$$(eval $$(f).$(1) := $$($$(f))))
$$(if $$(ARCHS),$$(if $$(filter $$(ARCH),$$(ARCHS)),,$$(error $$(APP) can't be \
    built with ARCH=$$(ARCH): it needs kernel/$(1), which is for \
    $$(call listed,$$(ARCHS)))))
NEEDS.$(1) += $$(if $$(filter console,$(1)),$$(DRIVERS.console)) \
              $$(foreach d,$$(DEVICES.$(1)),$$(DRIVERS.$$(call kind,$$d)))
$$(foreach m,$$(NEEDS.$(1)),$$(eval $$(call load,$$m)))
MODULES += $(1)
endif
endef
# net0 -> net
kind = $(strip $(foreach k,$(DEVICE_KINDS),$(if $(filter $(k)%,$(1)),$(k))))

ifeq ($(wildcard kernel/apps/$(APP)/app.mk),)
$(error There is no application "$(APP)". There are: $(notdir \
    $(patsubst %/app.mk,%,$(wildcard kernel/apps/*/app.mk))))
endif
$(eval $(call load,arch))
$(eval $(call load,core))
$(eval $(call load,apps/$(APP)))
$(foreach m,$(WITH),$(if $(wildcard kernel/$(m)/module.mk),$(eval \
    $(call load,$(m))),$(error There is no module kernel/$(m) for WITH=$(m))))
$(foreach m,$(MODULES),$(if $(WITH_NET.$(m)),$(if \
    $(filter $(NET),$(WITH_NET.$(m))),,$(error $(APP) can't be built with \
    NET=$(NET): it needs kernel/$(m), which wants NET=$(WITH_NET.$(m))))))
# Under names of their own: whoever loads another module later sets the others.
APP_DEVICES := $(DEVICES.apps/$(APP))
APP_TREE    := $(TREE.apps/$(APP))
APP_DISK    := $(if $(ON_DISK.apps/$(APP)),$(OUT)/disk.img)

# ---- Which files ----------------------------------------------------------

# labs/ or solutions/: is exercise $(1) one of MINE?
mine = $(strip $(foreach m,$(MINE),$(filter all,$(m)) \
         $(filter $(m)-% 0$(m)-% $(m)/% $(m),$(1)) \
         $(filter $(m) $(m).c,$(notdir $(1)))))
exercise = $(if $(call mine,$(1)),$(LABS),solutions)/$(1)
source   = $(firstword $(wildcard kernel/$(1)/$(ARCH)/$(2)) kernel/$(1)/$(2))
sources  = $(foreach s,$(SRCS.$(1)),$(call source,$(1),$(s))) \
           $(foreach e,$(EXERCISES.$(1)),$(call exercise,$(e))) $(VENDOR.$(1))
SOURCES := $(foreach m,$(MODULES),$(call sources,$(m)))

# Who wants to run their own files is told when none of them is in it.
ALL_EXERCISES := $(sort $(foreach m,$(MODULES),$(EXERCISES.$(m))))
ifneq ($(filter app run run-cmd files,$(MAKECMDGOALS)),)
$(if $(filter-out all,$(MINE)),$(if $(strip $(foreach \
    e,$(ALL_EXERCISES),$(call mine,$(e)))),,$(error None of the files of \
    MINE=$(MINE) is part of $(APP)$(with). What you can write there: \
    $(call listed,$(ALL_EXERCISES)))))
endif

# An object lies beside the others whatever application it is built for, but
# for a student's: those are the run's own.
object  = $(patsubst $(LABS)/%,$(OUT)/mine/%.o, \
            $(patsubst kernel/%,$(OBJ)/kernel/%.o, \
            $(patsubst solutions/%,$(OBJ)/solutions/%.o, \
            $(patsubst $(BUILD)/%,$(OBJ)/%.o,$(1)))))
OBJECTS := $(foreach s,$(SOURCES),$(call object,$(s))) \
           $(if $(APP_TREE),$(OUT)/tree.S.o)

# ---- Compiler -------------------------------------------------------------

include kernel/arch/$(ARCH)/toolchain.mk    # CC, LD, OBJCOPY, ARCH_CFLAGS ...

# A stub uses none of its parameters yet.
LTO_CFLAGS := $(if $(LTO),-flto -flto-partition=one)
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wvla -Wundef -Wcast-align=strict -Wno-unused-parameter $(WERROR)
CFLAGS := -std=c11 -O2 -g -ffreestanding -fno-omit-frame-pointer \
          -fno-optimize-sibling-calls -fno-strict-aliasing -fno-common \
          -ffunction-sections -fdata-sections -fstack-protector-strong \
          -ffile-prefix-map=$(CURDIR)=. $(ARCH_CFLAGS) $(LTO_CFLAGS)
ROOTS   := -Ikernel -Ikernel/arch/$(ARCH)
INCLUDE := -nostdinc $(ROOTS) \
           -isystem $(or $(shell $(CC) -print-file-name=include 2>/dev/null),\
               $(error There is no $(CC) here. To install it: make setup))

# How source $(2) of module $(1) is compiled, and where it finds headers.
cflags  = $(if $(HOSTED.$(1)),-std=gnu11) $(filter-out \
            $(if $(HOSTED.$(1)),-std=c11 -ffreestanding) \
            $(if $(filter $(APART.$(1)),$(notdir $(2))),$(LTO_CFLAGS)), \
            $(CFLAGS))
include_roots = $(if $(HOSTED.$(1)),$(ROOTS),$(INCLUDE)) $(call includes,$(1))

# ---- Rules ----------------------------------------------------------------

## app [APP=web] [MINE=5] [LTO=1]: build an application (LTO: a tenth faster,
## : and ten seconds a link)
.PHONY: app files
app: $(OUT)/kernel.elf $(OUT)/kernel.img $(APP_DISK)

# Rewrites $@ only when its text has changed, so that a changed flag or list
# of objects rebuilds what depends on it, and nothing else ever does.
stamp = $(Q)mkdir -p $(@D); printf '%s\n' '$(1)' | cmp -s - $@ || \
        printf '%s\n' '$(1)' > $@
.PHONY: always
always:
$(OBJ)/flags: always
	$(call stamp,$(CC) $(CFLAGS) $(WARNINGS) $(INCLUDE))
$(OUT)/objects: always
	$(call stamp,$(OBJECTS))

# LINK is the port's: how $(OBJECTS) become $@. The compiler does it, as with
# LTO there is still something to compile.
$(OUT)/kernel.elf: $(OBJECTS) $(OUT)/objects \
                   $(wildcard kernel/arch/$(ARCH)/kernel.ld)
	$(call say,LD,$@)
	$(Q)$(LINK)
$(OUT)/kernel.img: $(OUT)/kernel.elf
	$(Q)$(OBJCOPY) --strip-all $< $@

# What a module's third-party sources leave when they are there. All of them
# come into being with it.
fetched = $(if $(FETCH.$(1)),$(firstword $(subst /src/, ,$(firstword \
            $(VENDOR.$(1)))))/.verified)
define fetch
$(call fetched,$(1)): $(FETCH.$(1)) kernel/$(1)/manifest.sha256
	$(Q)sh $(FETCH.$(1)) $$(@D)
$(VENDOR.$(1)): $(call fetched,$(1)) ;
endef
$(foreach m,$(MODULES),$(if $(FETCH.$(m)),$(eval $(call fetch,$(m)))))

# Warnings are for our headers, not for theirs. (-MD and not -MMD, as theirs
# include ours, lwipopts.h for one.)
includes = $(foreach i,$(INCLUDES.$(1)),$(if $(filter \
             $(BUILD)/%,$(i)),-isystem,-I) $(i))

# A student's object lies in the same place whichever folder LABS is: it is
# made anew when that is another. What it was made of before may be gone.
students_folder = $(if $(filter $(LABS)/%,$(1)),$(2)/mine/labs)
$(OUT)/mine/labs: always
	$(call stamp,$(LABS))
%.c: ;

# $(1) source, $(2) object, $(3) module: compile one file.
define compile
$(2): $(1) $(OBJ)/flags $(call fetched,$(3)) $(call students_folder,$(1),$(OUT))
	$$(call say,CC,$(1))
	$(Q)mkdir -p $$(@D)
	$(Q)$$(CC) $$(call cflags,$(3),$(1)) $(if $(filter \
	    $(1),$(VENDOR.$(3))),-w,$$(WARNINGS)) \
	    $$(call include_roots,$(3)) -MD -MP -c -o $$@ $$<
endef
$(foreach m,$(MODULES),$(foreach s,$(call sources,$(m)),\
    $(eval $(call compile,$(s),$(call object,$(s)),$(m)))))

$(OUT)/tree.S: kernel/tools/tree.sh \
               $(if $(APP_TREE),$(shell find $(APP_TREE) 2>/dev/null))
	$(call say,TREE,$(APP_TREE))
	$(Q)mkdir -p $(@D)
	$(Q)sh kernel/tools/tree.sh $(APP_TREE) > $@.new && mv $@.new $@
$(OUT)/tree.S.o: $(OUT)/tree.S $(OBJ)/flags
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

ifneq ($(APP_DISK),)
$(APP_DISK): $(ON_DISK.apps/$(APP)) $(OUT)/modules
	$(call say,DISK,$@)
	$(Q)MODULES='$(MODULES)' sh $< $@
$(OUT)/modules: always
	$(call stamp,$(MODULES))
-include $(APP_DISK).d
endif

-include $(OBJECTS:.o=.d)

## files [APP=web] [AGAINST=aarch64]: every file linked, in link order, with its
## : lines; or those that differ from another target's, as unix-lwip
files: $(foreach m,$(MODULES),$(call fetched,$(m)))
	@$(if $(AGAINST),sh kernel/tools/porting.sh $(APP) \
	    $(ARCH)$(if $(word 2,$(NETS)),-$(NET)) $(AGAINST),wc -l $(SOURCES))
