#!/bin/bash
# For the benches: installs what is missing, builds, and prints what a machine needs as NAME=PATH lines on standard
# output (build; with --linux also kernel and initramfs). Progress and questions go to standard error.
# Usage: scripts/prepare.sh [--yes] [--bochs] [--linux] TARGET...
set -uo pipefail

root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
directory=$root/build

source "$root/scripts/packages.sh"
source "$root/scripts/setup.sh"
source "$root/scripts/build.sh"
source "$root/scripts/images.sh"

agreed=0
wants_linux=0
packages=("${packages_run[@]}" python3)
targets=()
for argument in "$@"
do
    case $argument in
        --yes) agreed=1 ;;
        --bochs) packages+=("${packages_iso[@]}" "${packages_bochs[@]}") ;;
        --linux) wants_linux=1 ;;
        *) targets+=("$argument") ;;
    esac
done

exec 3>&1 1>&2
install_packages "$agreed" "${packages[@]}"
leave_root "$root/scripts/prepare.sh" "$@" 1>&3
build "$root" "$directory" "${targets[@]}"
echo "build=$directory" >&3
if [[ $wants_linux -eq 1 ]]
then
    prepare_kernel
    prepare_initrd "$root"
    printf 'kernel=%s\ninitramfs=%s\n' "$image_kernel" "$image_initrd" >&3
fi
