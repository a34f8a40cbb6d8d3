# shellcheck shell=bash disable=SC2034
# Debian packages that OVM needs, by purpose. Sourced by run and test.

# To build the hypervisor and its launcher, and to emulate a computer.
packages_run=(
    clang-19 lld-19 llvm-19 llvm-19-dev libclang-19-dev libc++-19-dev libc++abi-19-dev
    cmake ninja-build cpio
    libtoml11-dev nlohmann-json3-dev libcli11-dev libssl-dev libz3-dev
    qemu-system-x86 seabios
)

# To write a bootable image (--iso), which is also how Bochs is started.
packages_iso=(grub-common grub-pc-bin grub-efi-amd64-bin xorriso mtools)

# bochs-term stands in for the graphical front end, which nothing here uses.
packages_bochs=(bochs bochs-term)

# To check everything.
packages_test=(
    "${packages_run[@]}" "${packages_iso[@]}" "${packages_bochs[@]}"
    git python3 googletest libclang-rt-19-dev libzydis-dev clang-tidy-19 clang-format-19 acpica-tools ovmf spin cvc5
)

# The peers that benches compare with.
packages_bench=(libmimalloc-dev libgc-dev liburcu-dev libstdc++-12-dev)
