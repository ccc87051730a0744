# SPDX-License-Identifier: MIT
#
# modules.mk - prints what every module.mk and app.mk under kernel/ says, a
# line a list, for the lint and for the picture of the layers:
#
#     drivers/pci NEEDS arch core event lib
#
# as it is for one port: run as `make -s -f kernel/tools/modules.mk ARCH=unix`.

ARCH  ?= x86_64
BUILD ?= build
NET   ?= lwip
LISTS := SRCS NEEDS ARCHS EXERCISES INCLUDES DEVICES
FILES := $(sort $(shell find kernel -name module.mk -o -name app.mk))

# $(1) the file, $(2) the module's name.
define show
$(foreach l,$(LISTS),$(eval $(l) :=))
include $(1)
$$(foreach l,$$(LISTS),$$(info $(2) $$(l) $$($$(l))))
endef
$(foreach f,$(FILES),$(eval DIR := $(patsubst %/,%,$(dir $(f)))) \
    $(eval $(call show,$(f),$(patsubst kernel/%,%,$(DIR)))))

.PHONY: nothing
nothing:
	@:
