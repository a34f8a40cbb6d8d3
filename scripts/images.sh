# shellcheck shell=bash disable=SC2034
# The Linux guest: Debian's cloud kernel and a small initramfs, made without root and kept in the
# cache. Sourced by run and test; needs scripts/setup.sh.

image_cache=${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/ovm

# $1: package; $2: folder to unpack into. Fails, and says why, when it cannot be downloaded.
fetch_package()
{
    local package=$1 folder=$2
    local options=(-q)
    if [[ $EUID -eq 0 ]]
    then
        # apt's own sandbox user cannot write into our folder.
        options+=(-o APT::Sandbox::User=root)
    fi
    if ! (cd "$folder" && apt-get "${options[@]}" download "$package" >fetch.log 2>&1)
    then
        cat "$folder/fetch.log" >&2
        return 1
    fi
    dpkg-deb -x "$folder/$package"_*.deb "$folder" || die "cannot unpack the Debian package $package"
}

update_lists_if_unknown()
{
    apt-cache show --no-all-versions "$1" >/dev/null 2>&1 && return 0
    say "apt does not know $1 yet: updating its lists"
    as_root apt-get -q update || die "apt-get update failed: see above"
}

# Lists that are a while old name versions that the mirror has replaced since.
update_lists_after_failure()
{
    say "cannot download the Debian package $1: updating apt's lists and trying once more"
    as_root apt-get -q update || die "apt-get update failed: see above"
}

# Sets kernel_package and kernel_version to what apt offers now.
find_kernel_package()
{
    kernel_package=$(apt-cache show --no-all-versions linux-image-cloud-amd64 | sed -n 's/^Depends: *\([^ ,]*\).*/\1/p')
    kernel_version=$(apt-cache show --no-all-versions "$kernel_package" | sed -n 's/^Version: *//p')
    [[ -n $kernel_package && -n $kernel_version ]] || die "apt offers no linux-image-cloud-amd64"
}

scratch_folder()
{
    mkdir -p "$image_cache" || die "cannot make $image_cache"
    mktemp -d "$image_cache/making.XXXXXX"
}

# Sets image_kernel. The newest kernel that was fetched stays until its link is removed.
prepare_kernel()
{
    image_kernel=$image_cache/kernel/vmlinuz
    [[ -s $image_kernel ]] && return 0
    update_lists_if_unknown linux-image-cloud-amd64
    local kernel_package kernel_version
    find_kernel_package
    local name=$kernel_package-$kernel_version
    say "fetching the guests' kernel: $kernel_package $kernel_version"
    if [[ ! -s $image_cache/$name/vmlinuz ]]
    then
        local scratch
        scratch=$(scratch_folder) || exit 1
        if ! fetch_package "$kernel_package" "$scratch"
        then
            update_lists_after_failure "$kernel_package"
            find_kernel_package
            name=$kernel_package-$kernel_version
            fetch_package "$kernel_package" "$scratch" || die "cannot download the Debian package $kernel_package: see above"
        fi
        mkdir "$scratch/result"
        cp "$scratch"/boot/vmlinuz-* "$scratch/result/vmlinuz" || die "the package $kernel_package holds no kernel"
        chmod -R u+rwX,go+rX "$scratch/result"
        rm -rf "${image_cache:?}/$name"
        mv -T "$scratch/result" "$image_cache/$name"
        rm -rf "$scratch"
    fi
    ln -sfn "$name" "$image_cache/kernel"
}

# Prints the path of a static busybox.
# $1: folder to unpack into when it is not installed.
find_busybox()
{
    if [[ -x /bin/busybox && $(dpkg-query -W -f='${db:Status-Abbrev}' busybox-static 2>/dev/null) == ii* ]]
    then
        echo /bin/busybox
        return 0
    fi
    update_lists_if_unknown busybox-static >&2
    if ! fetch_package busybox-static "$1" >&2
    then
        update_lists_after_failure busybox-static >&2
        fetch_package busybox-static "$1" >&2 || die "cannot download the Debian package busybox-static: see above"
    fi
    echo "$1/bin/busybox"
}

# Sets image_initrd; keyed by the recipe, so that a changed recipe makes a new one.
# $1: root of the source tree.
prepare_initrd()
{
    local recipe=$1/guest/debian
    local key
    key=$(cat "$recipe"/* "$1/scripts/images.sh" | sha256sum | cut -c1-16)
    image_initrd=$image_cache/initrd-$key.cpio
    [[ -s $image_initrd ]] && return 0
    say "making the guests' initramfs"
    local scratch
    scratch=$(scratch_folder) || exit 1
    mkdir "$scratch/package" "$scratch/tree"
    local busybox
    busybox=$(find_busybox "$scratch/package") || exit 1
    "$recipe/make-initramfs" "$busybox" "$recipe" "$scratch/tree" >"$scratch/initrd.cpio" || die "cannot make the initramfs"
    mv "$scratch/initrd.cpio" "$image_initrd"
    rm -rf "$scratch"
}
