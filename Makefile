# SPDX-License-Identifier: MIT
#
# The front door: everything a person types. `make` says where to begin,
# `make help` lists the rest, from the comments with two hashes in the files
# that are read here.

.DEFAULT_GOAL := begin
MAKEFLAGS += --no-builtin-rules --no-builtin-variables --no-print-directory
.DELETE_ON_ERROR:

TOOLS := kernel/tools
BUILD ?= build
LABS  ?= labs

# ---- Labs -----------------------------------------------------------------

# Which application each lab boots.
LAB_APPS := hi print pages echo dice devices hexdump files sniff ping tcpecho \
            web web

# LAB=5, LAB=05 and LAB=05-virtqueue mean the same: that lab's application,
# with the student's files of that lab in it. The last one's is a process.
ifneq ($(LAB),)
NUMBER := $(patsubst 0%,%,$(firstword $(subst -, ,$(LAB))))
LAB_APP := $(if $(filter 1 2 3 4 5 6 7 8 9 10 11 12 13,$(NUMBER)),$(word \
             $(NUMBER),$(LAB_APPS)))
ifeq ($(APP)$(LAB_APP),)
$(error Lab $(LAB) has no application of its own. There are LAB=1 to LAB=13: \
    $(LAB_APPS))
endif
ifeq ($(NUMBER),13)
ARCH ?= unix
endif
APP  ?= $(LAB_APP)
MINE ?= $(NUMBER)
endif

# The screen of labs 01 to 04 is a window where there can be one, and what runs
# in it stays when it is done.
GOALS := $(or $(MAKECMDGOALS),begin)
ifneq ($(filter run debug,$(GOALS)),)
HAS_SCREEN := $(if $(filter 1 2 3 4,$(NUMBER)),$(if $(filter-out \
                x86_64,$(ARCH))$(filter microvm,$(MACHINE)),,1))
ifeq ($(HAS_SCREEN)/$(origin SCREEN),1/undefined)
SCREEN := $(or $(filter window,$(shell sh $(TOOLS)/window.sh)),$(if \
            $(filter debug,$(GOALS)),vga,none))
endif
STAYS := $(if $(filter run,$(GOALS)),$(filter window,$(SCREEN)))
endif

# ---- The engine -----------------------------------------------------------

# These goals don't need it, and some of them come before there is a compiler
# for it to ask.
DOOR := begin help setup doctor demo test soak lint tidy layers ports stubs \
        bench ladder profile instructions clean grade hint next progress watch \
        reset diff workshop
ifneq ($(filter-out $(DOOR),$(GOALS)),)
include kernel/rules.mk
include kernel/machine.mk
-include grader/unit/unit.mk
-include grader/unit/trace.mk
endif

# The python3 that has pytest and pexpect; looked for once, when first used.
ifeq ($(PYTHON),)
PYTHON = $(eval PYTHON := $$(shell sh $(TOOLS)/python.sh))$(PYTHON)
endif

-include grader/grade.mk
-include grader/student.mk

# ---- Begin ----------------------------------------------------------------

.PHONY: $(DOOR) run sizes
begin:
	@echo "Lodge: an operating system as a set of libraries, and how to write one."
	@echo
	@echo "  make demo    see it: a guest of your own serves a page to your browser"
	@echo "  make test    see that it works here"
	@echo "  make help    everything else"
	@echo
	@echo "Both install what they need. To learn, go on with labs/README.md, and"
	@echo "whenever you don't know how: make next"

## == To begin
## help: this list
HELP := $(wildcard Makefile grader/grade.mk grader/student.mk kernel/rules.mk \
          kernel/machine.mk grader/unit/unit.mk)
help:
	@awk -f $(TOOLS)/help.awk $(HELP)

## demo [PORT=8080] [HOST=127.0.0.1] [ARCH=unix NET=lwip]: set up, build the
## : web server, boot it
demo: setup
	@$(MAKE) run APP=web MINE= LAB= PORT=$(or $(PORT),8080)

## == To work on a lab
## run [LAB=5] [APP=web] [MINE=5]: boot an application (LAB: that lab's)
ifneq ($(filter run pcap debug,$(GOALS)),)
ifneq ($(filter http,$(MODULES)),)
PORT ?= 8080
PAGE := $(HOST):$(PORT)
endif
endif
NO_WINDOW = $(if $(HAS_SCREEN),$(if $(filter none,$(SCREEN)),make screen \
    LAB=$(NUMBER)$(if $(filter-out labs,$(LABS)), LABS=$(LABS))))
RUN = env OUT='$(OUT)' LABS='$(LABS)' PYTHON='$(PYTHON)' RUNS='$(RUNS)' \
    WINDOW='$(if $(STAYS),$(filter window,$(SCREEN)))' PICTURE='$(NO_WINDOW)' \
    ADDRESS='$(PAGE)' sh $(TOOLS)/run.sh $(RUN_CMD)
run: app
	@exec $(RUN)

# ---- A machine to build on ------------------------------------------------

## == To begin
## setup [ARCH=aarch64]: install what is missing here, and fetch lwIP
setup:
	@BUILD=$(BUILD) sh $(TOOLS)/setup.sh $(filter aarch64,$(ARCH))

## doctor: try everything that the build and the tests rely on
doctor:
	@BUILD=$(BUILD) sh $(TOOLS)/doctor.sh

# ---- The kit --------------------------------------------------------------

## == To work on the kit
## test: all tests of the kit itself
# The tests run make themselves, and must not inherit how this one was called.
# Which python has pytest is asked after set-up: a recipe is expanded whole.
TESTS  ?= grader/tests
PYTEST = env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL $(PYTHON) -m pytest $(TESTS) \
         --build '$(abspath $(BUILD))'
test:
	@BUILD=$(BUILD) sh $(TOOLS)/setup.sh all
	@$(PYTEST)

## soak [HOURS=0]: the same and all that they try only a sample of,
## : with a report in build/soak/report.md
soak:
	@BUILD=$(BUILD) sh $(TOOLS)/setup.sh all tidy
	@mkdir -p $(BUILD)/soak && rm -f $(BUILD)/soak/*.xml $(BUILD)/soak/*.json
	@$(PYTEST) --soak --hours=$(or $(HOURS),0) \
	    --junitxml='$(abspath $(BUILD))/soak/results.xml'; status=$$?; \
	cd grader && PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m lodge.soak \
	    '$(abspath $(BUILD))/soak'; exit $$status

## lint: includes against NEEDS, lengths, names
lint:
	@sh $(TOOLS)/lint.sh

## tidy: install clang-tidy and cppcheck, and have them read all of our C
tidy:
	@BUILD=$(BUILD) sh $(TOOLS)/setup.sh aarch64 tidy
	@BUILD=$(BUILD) sh $(TOOLS)/tidy.sh $(APPS)

## layers: draw the layers in kernel/README.md anew from NEEDS
layers:
	@sh $(TOOLS)/layers.sh

## ports: write the tables in docs/porting.md anew: which files differ
ports:
	@BUILD=$(BUILD) sh $(TOOLS)/porting.sh

## == To teach
## stubs [TRACK="5.2 5.3"] [LABS=folder]: cut the labs out of solutions/
stubs:
	@sh $(TOOLS)/stubs.sh $(LABS) $(TRACK)

## == To measure
## sizes [APPS="hi web"] [ARCH=aarch64]: what each application costs, in bytes,
## : and of guests the smallest memory in which it runs, in MiB
APPS ?= $(patsubst kernel/apps/%/app.mk,%,$(wildcard kernel/apps/*/app.mk))
sizes:
	@apps=; for app in $(APPS); do \
	    if why=$$($(MAKE) --quiet app APP=$$app MINE= LAB= 2>&1); then \
	        apps="$$apps $$app"; \
	    else \
	        case $$why in \
	        *"$$app can't be built with"*) ;; \
	        *) printf '%s\n' "$$why" >&2; exit 1 ;; \
	        esac; \
	    fi; \
	done; \
	$(if $(filter guest,$(RUNS)),(cd grader && PYTHONDONTWRITEBYTECODE=1 \
	    $(PYTHON) -m lodge.smallest '$(abspath $(BUILD))' '$(ARCH)' $$apps) &&) \
	sh $(TOOLS)/sizes.sh $(BUILD)/$(TARGET) $$apps

## bench [QUICK=1] [RUNS=5]: what the web server costs, beside Linux with nginx:
## : about twenty minutes, or three; with a chart in build/bench
BENCH = cd grader && PYTHONDONTWRITEBYTECODE=1 exec $(PYTHON) -m lodge.bench \
        '$(abspath $(BUILD))' '$(RUNS)' $(if $(QUICK),--quick)
bench:
	@BUILD=$(BUILD) sh $(TOOLS)/setup.sh aarch64 ip bench
	@$(BENCH)

## ladder [QUICK=1] [RUNS=5]: the same guest, with all that makes it fast withheld
## : and then given back one by one
ladder:
	@BUILD=$(BUILD) sh $(TOOLS)/setup.sh ip bench
	@$(BENCH) --ladder

## profile [APP=web] [ARCH=unix] [SECONDS=5] [LOAD=/path]: where the time goes,
## : as a flame graph in build/profile
CONNECTIONS ?= 16
profile:
	@BUILD=$(BUILD) sh $(TOOLS)/setup.sh $(filter aarch64,$(ARCH))
	@cd grader && PYTHONDONTWRITEBYTECODE=1 exec $(PYTHON) -m lodge.profile \
	    '$(abspath $(BUILD))' '$(or $(APP),web)' --arch '$(ARCH)' \
	    --net '$(NET)' --mine '$(MINE)' --labs '$(abspath $(LABS))' \
	    --seconds '$(or $(SECONDS),5)' --load '$(or $(LOAD),/)' \
	    --connections '$(CONNECTIONS)' $(foreach v,MACHINE MEM ACCEL APPEND \
	    NETDEV DISK DISK_ON VIRTIO,$(if $($(v)),'$(v)=$($(v))'))

## instructions: count the guest's instructions for a recorded visit, and keep
## : the counts in grader/unit/instructions.txt, for this compiler
instructions:
	@cd grader && PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m lodge.instructions \
	    '$(abspath $(BUILD))'

## == To begin
## clean: remove what was built, but not what was fetched
clean:
	@[ ! -d $(BUILD) ] || find $(BUILD) -mindepth 1 -maxdepth 1 \
	    ! -name "lwip-*" -exec rm -rf {} +
