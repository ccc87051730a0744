# SPDX-License-Identifier: MIT
#
# porting.mk - prints what application APP is made of for ARCH and NET, for
# porting.sh: a line a file, its module before it. Sources are those that the
# engine links; headers are those of the same modules; of the port its link
# script and lists are a part as well. What others wrote is left out.
# Run as `make -s -f kernel/tools/porting.mk APP=web ARCH=aarch64`.

include kernel/rules.mk

.PHONY: list
.DEFAULT_GOAL := list
beside = $(filter-out %/module.mk %/app.mk,$(wildcard $(foreach e,h ld mk, \
           kernel/$(1)/*.$(e) kernel/$(1)/$(ARCH)/*.$(e))))
ours   = $(filter-out $(VENDOR.$(1)),$(call sources,$(1))) $(call beside,$(1))
list:
	@:$(foreach m,$(MODULES),$(foreach s,$(call ours,$(m)),$(info $(m) $(s))))
