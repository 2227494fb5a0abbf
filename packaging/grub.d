#!/bin/sh
# SPDX-License-Identifier: MIT
# Entries for Landfall in GRUB's menu. /etc/default/grub may have:
#   GRUB_DISABLE_LANDFALL=true                    no entries
#   GRUB_LANDFALL_SERIAL_PARAMS="ttyS1,115200"    the serial line of the second entry; default ttyS0,115200
#   GRUB_LANDFALL_DISABLE_SERIAL=true             no second entry
#   GRUB_LANDFALL_OPTIONS="alloc=all sweep"       kernel options; default: two policies at the geometry of Linux, and the odds
set -e
[ -f /usr/lib/grub/grub-mkconfig_lib ] || exit 0
. /usr/lib/grub/grub-mkconfig_lib
[ ! -f /etc/default/grub ] || . /etc/default/grub
[ "${GRUB_DISABLE_LANDFALL:-}" != true ] || exit 0
efi=/boot/landfall.efi
[ -e "$efi" ] || exit 0
echo "Found Landfall: $efi" >&2
efi=$(make_system_path_relative_to_its_root "$efi")
reach=$([ -z "${GRUB_DEVICE_BOOT:-}" ] || prepare_grub_to_access_device "$GRUB_DEVICE_BOOT" | sed 's/^/\t/')
options=${GRUB_LANDFALL_OPTIONS:-alloc=both image_size=linux-6.1 sweep}

# The file is a Linux kernel for GRUB, under BIOS and under UEFI.
entry() { # TITLE OPTIONS
	cat <<END
menuentry '$1' {
$reach
	insmod all_video
	set gfxpayload=1280x1024x32,1024x768x32,800x600x32,text
	linux $efi $2
}
END
}

entry 'Where do early page tables land? (Landfall)' "$options"
[ "${GRUB_LANDFALL_DISABLE_SERIAL:-}" = true ] ||
	entry 'Where do early page tables land? (Landfall, serial console)' \
		"$options console=${GRUB_LANDFALL_SERIAL_PARAMS:-ttyS0,115200}"
