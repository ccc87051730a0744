# SPDX-License-Identifier: MIT
#
# grade.mk - the grader's door. It builds and boots by itself; here it is only
# told what. A grade is a success of the command, whatever it is; that the
# grader could not run is not.

## grade [LAB=5] [STEP=5.2] [MINE=5] [SEED=n]: what is it worth?
.PHONY: grade
grade:
	@cd grader && PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m lodge grade \
	    --lab '$(LAB)' --step '$(STEP)' --mine '$(MINE)' --seed '$(SEED)' \
	    --labs '$(abspath $(LABS))' --build '$(abspath $(BUILD))'; \
	    status=$$?; [ $$status -le 1 ] || exit $$status
