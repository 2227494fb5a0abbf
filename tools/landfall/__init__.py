# SPDX-License-Identifier: MIT
"""What the programs in tools/ and the tests share: records, judgements, models, QEMU, pictures."""
VERSION = "0.1.0"  # the kernel's, kernel/kernel.h
