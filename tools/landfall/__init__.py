# SPDX-License-Identifier: MIT
"""What the programs in tools/ and the tests share: records, judgements, models, QEMU, pictures."""
