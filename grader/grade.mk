# SPDX-License-Identifier: MIT
#
# grade.mk - the grader's door. It builds and boots by itself; here it is only
# told what. A grade is a success of the command, whatever it is; that the
# grader could not run is not.

# How the student's tools are called (student.mk has the others), and where.
STUDENT = PYTHONPATH=grader PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m lodge.student
WHERE   = --lab '$(LAB)' --labs '$(LABS)' --build '$(BUILD)'
# Who does not say whose files, nor which lab's, means each lab with its own.
WHOSE   = $(if $(filter undefined,$(origin MINE)),each,$(MINE))

## == To work on a lab
## grade [LAB=5] [STEP=5.2] [MINE=all] [SEED=n]: what is it worth?
.PHONY: grade
grade:
	@$(STUDENT) grade $(WHERE) --step '$(STEP)' --mine '$(WHOSE)' \
	    --seed '$(SEED)'; \
	status=$$?; [ $$status -le 1 ] || exit $$status
