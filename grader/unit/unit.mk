# SPDX-License-Identifier: MIT
#
# unit.mk - tests of one module on the host, under ASan and UBSan.
#
#   make unit                 all of them
#   make unit UNIT=virtqueue  one; ARGS="--list" is handed to the program
#   MINE, LABS, OUT, V        as in kernel/rules.mk
#
# UNIT.name lists what grader/unit/test_name.c is linked with, besides unit.c,
# host.c and no_machine.c: exercises as NN-lab/file.c (from labs/ or
# solutions/, as MINE says), given files as kernel/..., fakes by their name.
# UNIT_MODULE.name is the module whose third-party sources and include roots
# it takes besides.

UNIT.virtqueue := 05-virtqueue/virtqueue.c fake_virtio.c fuzz_virtqueue.c \
    every_instruction.c
UNIT_VIRTIO    := fake_virtio_device.c 05-virtqueue/virtqueue.c \
    06-device/handshake.c $(wildcard kernel/drivers/virtio/core/*.c) \
    04-events/loop.c kernel/event/event.c
UNIT.pci         := fake_pci.c 06-device/pci.c \
    $(addprefix kernel/drivers/pci/, bus.c msix.c)
UNIT.bus         := $(UNIT.pci)
UNIT.handshake   := $(UNIT_VIRTIO)
UNIT.virtio_core := $(UNIT_VIRTIO)
UNIT.porting     := $(UNIT_VIRTIO)
UNIT.virtio_events := 05-virtqueue/virtqueue.c every_instruction.c \
    kernel/drivers/virtio/core/suppress.c
UNIT_FORMAT := 02-print/format.c 02-print/console.c \
    kernel/console/consoles.c kernel/console/print.c
UNIT.virtio_mmio := $(UNIT_VIRTIO) $(UNIT_FORMAT) \
    kernel/drivers/virtio/mmio/virtio_mmio.c
UNIT.virtio_pci  := $(UNIT_VIRTIO) $(UNIT_FORMAT) $(UNIT.pci) \
    fake_driver.c $(wildcard kernel/drivers/virtio/pci/*.c)
UNIT.virtio_legacy := $(UNIT.virtio_pci) fake_legacy.c
UNIT.virtio_rng  := $(UNIT_VIRTIO) kernel/drivers/virtio_rng/virtio_rng.c
UNIT.virtio_net  := $(UNIT_VIRTIO) $(UNIT_FORMAT) 09-frames/virtio_net.c \
    kernel/net/netdev.c $(wildcard kernel/drivers/virtio_net/*.c)
UNIT_RINGS     := $(UNIT_VIRTIO) 09-frames/virtio_net.c fake_rings.c \
    kernel/drivers/virtio_net/pools.c
UNIT.net_receive  := $(UNIT_RINGS)
UNIT.net_transmit := $(UNIT_RINGS)
UNIT.format    := 02-print/format.c 02-print/console.c \
    kernel/console/consoles.c kernel/console/print.c
UNIT.console   := $(UNIT.format)
UNIT.format_pieces := $(UNIT.format)
UNIT.pages     := 03-memory/pages.c kernel/mem/mem.c
UNIT.heap      := 03-memory/pages.c 03-memory/heap.c kernel/mem/mem.c \
    kernel/mem/heap_area.c
UNIT.heap_pieces := $(UNIT.heap)
UNIT.loop      := fake_cpu.c every_instruction.c 04-events/loop.c \
    kernel/event/event.c
UNIT.loop_parts := $(UNIT.loop)
UNIT.framebuffer := $(addprefix kernel/drivers/framebuffer/, \
    framebuffer.c font.c)
UNIT.map       := kernel/arch/map.c $(if $(filter x86_64,$(shell uname -m)), \
    loader_x86_64.c kernel/core/cmdline.c \
    kernel/arch/x86_64/loader.c kernel/arch/x86_64/screen.c)
UNIT.device_tree := fake_tree.c kernel/arch/aarch64/device_tree.c
UNIT.board     := $(UNIT.device_tree) kernel/arch/aarch64/board.c \
    kernel/arch/map.c kernel/core/cmdline.c
UNIT.clock_aarch64 :=
UNIT.clock_x86_64 := kernel/arch/x86_64/clock.c
UNIT.gic       := kernel/arch/aarch64/gic.c
UNIT.pl011     := kernel/drivers/pl011/pl011_console.c \
    kernel/console/consoles.c
UNIT.uart      := 01-hi/uart.c
UNIT.vga       := 01-hi/vga.c 02-print/console.c kernel/console/consoles.c
UNIT.irq       := 04-events/irq.c 04-events/pic.c kernel/core/irq.c \
    kernel/arch/x86_64/vectors.c
UNIT.timer     := 04-events/timer.c kernel/drivers/pit/pit.c
UNIT.keyboard  := 04-events/keyboard.c \
    kernel/drivers/keyboard/keyboard_map.c
UNIT.keyboard_setup := 04-events/keyboard.c 04-events/loop.c \
    kernel/event/event.c $(wildcard kernel/drivers/keyboard/*.c)
UNIT.string    := kernel/lib/number.c string_lodge.c \
    $(sort string_aarch64.c \
        $(notdir $(wildcard grader/unit/string_$(shell uname -m).c)))
UNIT_BLOCK     := fake_disk.c fake_disk_memory.c kernel/block/block.c \
    04-events/loop.c kernel/event/event.c
UNIT.block     := $(UNIT_BLOCK)
UNIT_CACHE     := $(addprefix kernel/block/cache, .c _room.c _read.c _open.c)
UNIT.cache     := $(UNIT_BLOCK) $(UNIT_CACHE)
UNIT.virtio_blk := fake_disk_virtio.c $(UNIT_VIRTIO) $(UNIT_FORMAT) \
    07-block/virtio_blk.c kernel/drivers/virtio_blk/setup.c \
    kernel/block/block.c
UNIT.virtio_blk_chain := $(UNIT.virtio_blk)
UNIT.virtio_scsi := fake_scsi.c $(UNIT_VIRTIO) $(UNIT_FORMAT) \
    kernel/block/block.c $(wildcard kernel/drivers/virtio_scsi/*.c)
UNIT.host_blk  := kernel/drivers/host/blk/blk.c kernel/block/block.c \
    04-events/loop.c kernel/event/event.c $(UNIT_FORMAT)
UNIT.wait      := $(addprefix kernel/arch/unix/, wait.c clock.c output.c) \
    04-events/loop.c kernel/event/event.c
UNIT.parse     := 12-http/parse.c fuzz_parse.c
UNIT.path      := 12-http/path.c kernel/http/target.c kernel/http/host.c \
    fuzz_path.c
UNIT.respond   := 12-http/respond.c fake_request.c host_format.c \
    $(addprefix kernel/http/, host.c target.c registry.c text.c)
UNIT.response  := $(UNIT.respond)
UNIT.server    := 12-http/parse.c 12-http/path.c 12-http/respond.c \
    $(wildcard kernel/http/*.c) kernel/fs/fs.c fake_stream.c fake_files.c \
    fake_site.c
UNIT.http_server := $(UNIT.server)
UNIT.http_remember := $(UNIT.server)
UNIT.http_crowd := $(UNIT.server)
UNIT.http_fields := 12-http/parse.c fuzz_fields.c host_format.c \
    $(addprefix kernel/http/, conditional.c date.c encoding.c host.c \
    multipart.c range.c text.c)
UNIT.http_refine := 12-http/parse.c 12-http/respond.c host_format.c \
    $(addprefix kernel/http/, access.c conditional.c date.c encoding.c \
    host.c listing.c multipart.c range.c refine.c registry.c target.c text.c)
UNIT.mount     := kernel/fs/fs.c kernel/fs/mount/mount.c
UNIT.tree      := kernel/fs/fs.c kernel/fs/mem/mem.c kernel/fs/mem/snapshot.c
# All of lwIP and what stands on it, with memory that the sanitizer sees.
UNIT_LWIP      := fake_card.c fake_cut.c tcp_peer.c 10-lwip/netif.c \
    11-streams/stream.c 04-events/loop.c kernel/event/event.c \
    kernel/lib/number.c kernel/net/netdev.c kernel/net/address.c \
    $(addprefix kernel/net/lwip/, port.c interface.c settings.c \
        own_address.c lease.c early.c random.c sequence.c checksum.c guard.c \
        connections.c lists.c predict.c cut.c departure.c offload.c \
        memory.c buffers.c streams.c borrowed.c ping.c)
STREAMS        := $(addprefix stream_, contract open send receive close error \
                    window weather cut cut_window steps_in steps_out)
$(foreach u,$(STREAMS),$(eval UNIT.$(u) := stream_owner.c $(UNIT_LWIP)))
# The same contract over the host's own sockets.
UNIT_SOCKETS   := stream_owner.c socket_peer.c fake_host.c \
    13-retarget/sockets.c $(wildcard kernel/net/sockets/*.c) \
    04-events/loop.c kernel/event/event.c
UNIT.sockets   := test_stream_contract.c $(UNIT_SOCKETS)
UNIT.sockets_steps := 13-retarget/sockets.c
UNIT.sockets_open := $(UNIT_SOCKETS)
UNIT.sockets_data := $(UNIT_SOCKETS)
UNIT.sockets_end  := $(UNIT_SOCKETS)
UNIT.port      := $(UNIT_LWIP)
UNIT.port_time := $(UNIT_LWIP)
UNIT.netif     := $(UNIT_LWIP)
UNIT.dhcp      := $(UNIT_LWIP)
UNIT.crowd     := $(UNIT_LWIP)
UNIT.cards     := $(UNIT_LWIP) frame_maker.c
UNIT.connections := $(UNIT_LWIP) frame_maker.c
UNIT.departure := stream_owner.c $(UNIT_LWIP) frame_maker.c
UNIT.predict   := two_ways.c $(UNIT_LWIP) frame_maker.c
# The real pools, of which lwIP's memory is made.
UNIT.pools     := kernel/net/lwip/pools.c
UNIT.lease     := kernel/net/lwip/lease.c kernel/net/address.c \
    kernel/lib/number.c
# The same with what stands on it, and memory that has no byte to spare.
UNIT.frames    := $(sort fuzz_frames.c frame_maker.c exact_memory.c \
    kernel/apps/tcpecho/echo.c 02-print/format.c 02-print/console.c \
    kernel/console/consoles.c kernel/console/print.c \
    $(filter-out tcp_peer.c %/memory.c,$(UNIT_LWIP)) \
    $(addprefix 12-http/, parse.c path.c respond.c) \
    $(wildcard kernel/http/*.c) kernel/fs/fs.c fake_files.c)
UNIT.arp       := 09-frames/arp.c
UNIT.describe  := kernel/net/frames/describe.c kernel/net/address.c \
    kernel/lib/number.c 02-print/format.c kernel/console/print.c \
    kernel/console/consoles.c 02-print/console.c
UNIT.settings  := kernel/net/lwip/settings.c kernel/net/address.c \
    kernel/lib/number.c
UNIT.checksum  := kernel/net/lwip/checksum.c
UNIT.random    := kernel/net/lwip/random.c
# ext2, over the cache that it has and over one that sees every mistake.
UNIT_EXT2      := 08-files/ext2.c fake_image.c kernel/fs/fs.c \
    kernel/fs/sync.c \
    $(addprefix kernel/fs/ext2/, check.c blocks.c walk.c sieve.c \
        ahead.c files.c) \
    kernel/block/block.c 04-events/loop.c kernel/event/event.c \
    02-print/format.c 02-print/console.c kernel/console/print.c \
    kernel/console/consoles.c
UNIT.ext2      := $(UNIT_EXT2) $(UNIT_CACHE)
UNIT.ext2_hostile := $(UNIT_EXT2) fake_cache.c fuzz_ext2.c
UNIT.ext2_blocks  := $(UNIT_EXT2) fake_cache.c bare_ext2.c
UNIT.ext2_names   := $(UNIT.ext2_blocks)
$(foreach u,$(STREAMS),$(eval UNIT_MODULE.$(u) := net/lwip))
UNIT_MODULE.port   := net/lwip
UNIT_MODULE.port_time := net/lwip
UNIT_MODULE.netif  := net/lwip
UNIT_MODULE.dhcp   := net/lwip
UNIT_MODULE.crowd  := net/lwip
UNIT_MODULE.cards  := net/lwip
UNIT_MODULE.connections := net/lwip
UNIT_MODULE.departure := net/lwip
UNIT_MODULE.predict := net/lwip
UNIT_MODULE.frames := net/lwip

ifdef OBJ       # some goals of the Makefile do without the engine

UNITS := $(patsubst test_%.c,%,$(notdir $(wildcard grader/unit/test_*.c)))
UNIT  ?= $(UNITS)
$(foreach UNIT,$(UNIT),$(call one_of,UNIT,$(UNITS)))
# Programs and a student's objects lie in OUT when that is given; all the
# others under BUILD, to be shared.
UNIT_OBJ := $(BUILD)/unit/obj
UNIT_OUT := $(if $(filter file,$(origin OUT)),$(BUILD),$(OUT))/unit

HOSTCC ?= gcc
UNIT_CFLAGS := -std=gnu11 -O1 -g -fsanitize=address,undefined \
    -fno-sanitize-recover=all -fno-omit-frame-pointer -fno-common \
    -Wall -Wextra -Wno-unused-parameter $(WERROR) \
    -Igrader/unit/instead -Ikernel -Ikernel/arch/unix -Igrader/unit
# The kernel's own files see no header of the host's C library.
UNIT_KERNEL_CFLAGS := -ffreestanding -nostdinc -isystem \
    $(shell $(HOSTCC) -print-file-name=include)

# A module that the application at hand does not need is loaded for its lists.
UNIT_MODULES := $(sort $(foreach u,$(UNITS),$(UNIT_MODULE.$(u))))
$(foreach m,$(filter-out $(LOADED),$(UNIT_MODULES)),\
    $(eval $(call load,$(m)))$(eval $(call fetch,$(m))))

# Where one item of UNIT.name lies, and all that a program is made of.
unit_path    = $(if $(filter kernel/%,$(1)),$(1),$(if \
    $(findstring /,$(1)),$(call exercise,$(1)),grader/unit/$(1)))
unit_sources = $(VENDOR.$(UNIT_MODULE.$(1))) grader/unit/unit.c \
    grader/unit/host.c grader/unit/no_machine.c grader/unit/test_$(1).c \
    $(foreach f,$(UNIT.$(1)),$(call unit_path,$(f)))
unit_object  = $(patsubst $(LABS)/%,$(UNIT_OUT)/mine/%.o,$(patsubst \
    grader/%,$(UNIT_OBJ)/grader/%.o,$(patsubst \
        kernel/%,$(UNIT_OBJ)/kernel/%.o,$(patsubst \
            solutions/%,$(UNIT_OBJ)/solutions/%.o,$(patsubst \
                $(BUILD)/%,$(UNIT_OBJ)/third/%.o,$(1))))))
unit_objects = $(foreach s,$(call unit_sources,$(1)),$(call unit_object,$(s)))
# Everything but the host's side of things is compiled as the kernel is; what
# a third party's file is warned of is not ours to mend.
unit_cflags  = $(if $(filter grader/% kernel/arch/unix/% kernel/net/sockets/% \
    kernel/drivers/host/blk/% \
    %/13-retarget/sockets.c,$(1)),,\
    $(UNIT_KERNEL_CFLAGS)) $(call includes,$(UNIT_MODULE_OF.$(1))) \
    $(if $(filter $(BUILD)/%,$(1)),-w)

UNIT_SOURCES :=
define unit_program
$(UNIT_OUT)/$(1): $(call unit_objects,$(1)) $(UNIT_OUT)/$(1).objects
	$$(call say,LD,$$@)
	$$(Q)$$(HOSTCC) $$(UNIT_CFLAGS) -o $$@ $$(filter %.o,$$^)
$(UNIT_OUT)/$(1).objects: always
	$$(call stamp,$(call unit_objects,$(1)))
UNIT_SOURCES += $(filter-out $(UNIT_SOURCES),$(call unit_sources,$(1)))
endef
$(foreach u,$(UNITS),$(eval $(call unit_program,$(u))))
$(foreach u,$(UNITS),$(if $(UNIT_MODULE.$(u)),$(foreach s,$(call \
    unit_sources,$(u)),$(eval UNIT_MODULE_OF.$(s) := $(UNIT_MODULE.$(u))))))

$(UNIT_OUT)/mine/labs: always
	$(call stamp,$(LABS))

# $(1) source, $(2) object.
define unit_compile
$(2): $(1) $(UNIT_OBJ)/flags $(call fetched,$(UNIT_MODULE_OF.$(1))) \
      $(call students_folder,$(1),$(UNIT_OUT))
	$$(call say,HOSTCC,$(1))
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(HOSTCC) $$(UNIT_CFLAGS) $(call unit_cflags,$(1)) \
	    -MD -MP -c -o $$@ $$<
endef
$(foreach s,$(UNIT_SOURCES),\
    $(eval $(call unit_compile,$(s),$(call unit_object,$(s)))))
$(UNIT_OBJ)/flags: always
	$(call stamp,$(HOSTCC) $(UNIT_CFLAGS) $(UNIT_KERNEL_CFLAGS))

-include $(foreach s,$(UNIT_SOURCES),$(patsubst \
    %.o,%.d,$(call unit_object,$(s))))

## == To work on a lab
## unit [UNIT=virtqueue] [MINE=5] [ARGS="--list"]: tests on the host
.PHONY: unit unit-programs $(addprefix unit-run-,$(UNITS))
unit: $(addprefix unit-run-,$(UNIT))
unit-programs: $(addprefix $(UNIT_OUT)/,$(UNIT))
$(addprefix unit-run-,$(UNITS)): unit-run-%: $(UNIT_OUT)/%
	$(call say,UNIT,$*)
	$(Q)$< $(ARGS)

endif
