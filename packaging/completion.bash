# SPDX-License-Identifier: MIT
# Completion of options from what each program says with --help, for bash.
complete -F _longopt landfall-predict landfall-machine landfall-run landfall-report landfall-check-log landfall-campaign \
	landfall-study landfall-witness landfall-transplant
