# SPDX-License-Identifier: MIT
#
# student.mk - what a student types beside `make run` and `make grade`. The
# tools themselves are in lodge/student; here they are only told what.

.PHONY: hint next progress watch reset diff screen pcap debug workshop

## == To work on a lab
## next: what to do now
next:
	@$(STUDENT) next $(WHERE)

## hint [LAB=5] [STEP=5.2] [LEVEL=1]: a hint for the step that you are at; each
## : further call says more
hint:
	@$(STUDENT) hint $(WHERE) --step '$(STEP)' --level '$(LEVEL)'

## watch [LAB=5] [STEP=5.2]: grade it again whenever you save
watch:
	@$(STUDENT) watch $(WHERE) --step '$(STEP)' --mine '$(WHOSE)' \
	    --seed '$(SEED)'; \
	status=$$?; [ $$status -le 1 ] || exit $$status

# These boot something, and which is to be said.
ifneq ($(filter screen debug pcap,$(GOALS)),)
ifeq ($(LAB)$(filter-out file,$(origin APP)),)
$(error Which application? Say LAB=5, for instance, or APP=web)
endif
endif

## screen LAB=1 [APP=web]: a picture of the guest's screen, in build/screen
screen:
	@$(STUDENT) screen $(WHERE) --app '$(APP)' --mine '$(MINE)' \
	    --arch '$(ARCH)' -- $(foreach v,MACHINE MEM ACCEL APPEND DISK DISK_ON \
	    VIRTIO CHALLENGE,$(if $($(v)),'$(v)=$($(v))'))

## debug LAB=5 [APP=web]: a guest with gdb attached to it, and commands of ours
## : for what is in its memory
GDB_SCRIPTS := kernel/tools/gdb
debug: override SERIAL := chardev:lodge_serial
debug: override RUN_UNDER := $(or $(GDB),gdb) -q \
           -x $(GDB_SCRIPTS)/settings.gdb -x $(GDB_SCRIPTS)/lodge.py --args
debug: app
	@exec $(if $(filter process,$(RUNS)),$(RUN),env $(STUDENT) \
	    debug --out '$(OUT)' --layout '$(LAYOUT)' --gdb '$(or $(GDB),$(if \
	    $(filter aarch64,$(ARCH)),gdb-multiarch))' -- $(RUN_CMD))

## pcap LAB=9 [APP=web]: run it, and say of each frame on the wire what it is
PCAP = $(OUT)/net0.pcap
NO_WIRE = $(if $(filter net%,$(APP_DEVICES)),$(if \
    $(filter sockets,$(NET)),echo "With \
    NET=sockets the network is the host's. As root: tcpdump -n -i lo port \
    8080"; exit 1;),echo "$(APP) has no network. LAB=6 and LAB=9 to LAB=12 \
    have one, and APP=web."; exit 1;)
pcap: override QEMU_ARGS += \
          -object filter-dump,id=lodge_pcap,netdev=net0,file=$(PCAP)
pcap: app
	@$(NO_WIRE) exec env $(STUDENT) pcap --out '$(OUT)' -- $(RUN)

## reset LAB=5 [FILE=virtqueue.c]: the stub again; what you had is kept
reset:
	@$(STUDENT) reset $(WHERE) --file '$(FILE)'

## diff LAB=5: your files beside the reference's, once they have full marks
diff:
	@$(STUDENT) diff $(WHERE)

## progress: how far you are, in a small picture
progress:
	@$(STUDENT) progress $(WHERE)

## == To teach
## workshop [DIR=workshop]: the three-hour edition: only the regions that it
## : has time for are blank (docs/workshop.md)
workshop:
	@sh $(TOOLS)/workshop.sh '$(or $(DIR),workshop)'
