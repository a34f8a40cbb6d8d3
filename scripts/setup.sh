# shellcheck shell=bash disable=SC2034
# Installing what is missing. Sourced by run and test; needs scripts/packages.sh.
# Root is used for apt alone.

say()
{
    printf 'ovm: %s\n' "$*"
}

die()
{
    printf 'ovm: %s\n' "$*" >&2
    exit 1
}

# Started through sudo, everything but apt is done as the person behind it, so that no file in the
# tree or in the cache belongs to root. Does not return in that case. Where there is nobody but root,
# as in a container, the files are root's.
# $1: the script; then its arguments.
leave_root()
{
    local script=$1
    shift
    if [[ $EUID -ne 0 || -z ${SUDO_USER:-} || $SUDO_USER == root ]]
    then
        return 0
    fi
    local home
    home=$(getent passwd "$SUDO_USER" | cut -d: -f6)
    local user=$SUDO_USER
    unset SUDO_USER SUDO_UID SUDO_GID SUDO_COMMAND
    exec runuser -u "$user" -- env HOME="$home" USER="$user" LOGNAME="$user" OVM_PACKAGES_CHECKED=1 "$script" "$@"
}

as_root()
{
    if [[ $EUID -eq 0 ]]
    then
        "$@"
    elif command -v sudo >/dev/null
    then
        sudo "$@"
    else
        die "this needs root: $* (install sudo, or run this command as root and start again)"
    fi
}

missing_packages()
{
    local installed
    installed=$(dpkg-query -W -f='${db:Status-Abbrev}${Package}\n' "$@" 2>/dev/null | sed -n 's/^ii //p')
    local package
    for package in "$@"
    do
        grep -qxF -- "$package" <<<"$installed" || printf '%s\n' "$package"
    done
}

apt_lists_are_there()
{
    apt-cache show --no-all-versions "$@" >/dev/null 2>&1
}

list_packages()
{
    LC_ALL=C apt-cache show --no-all-versions "$@" | awk '
        /^Package: / { name = $2 }
        /^Installed-Size: / { installed = $2 }
        /^Size: / { printf "  %-24s %9.1f MB to download %9.1f MB installed\n", name, $2 / 1e6, installed * 1024 / 1e6 }'
    say "with what they depend on:"
    LC_ALL=C apt-get install --no-install-recommends --print-uris -- "$@" 2>/dev/null |
        sed -n -e 's/^Need to get/  Need to get/p' -e 's/^After this/  After this/p'
}

apt_install()
{
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends -- "$@"
}

# $1: 1 when the person has agreed in advance; then the packages that must be there.
install_packages()
{
    local agreed=$1
    shift
    if [[ -n ${OVM_PACKAGES_CHECKED:-} ]]
    then
        return 0
    fi
    local missing=()
    mapfile -t missing < <(missing_packages "$@")
    if [[ ${#missing[@]} -eq 0 ]]
    then
        return 0
    fi
    command -v apt-get >/dev/null || die "needs Debian 12 and these packages: ${missing[*]}"
    if [[ $agreed -ne 1 && ! ( -t 0 && -t 1 ) ]]
    then
        say "these packages are missing: ${missing[*]}" >&2
        say "start with --yes to have them installed, or install them: apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 2
    fi
    if ! apt_lists_are_there "${missing[@]}"
    then
        say "apt does not know every package yet: updating its lists"
        as_root apt-get -q update || die "apt-get update failed: see above"
        apt_lists_are_there "${missing[@]}" || die "apt offers no package of this name among: ${missing[*]} (OVM is made for Debian 12, main, with bookworm-updates and security)"
    fi
    say "these Debian packages are missing:"
    list_packages "${missing[@]}"
    if [[ $agreed -ne 1 ]]
    then
        local answer
        read -r -p 'ovm: install them now? [y/N] ' answer
        if [[ $answer != [yY]* ]]
        then
            say "nothing was installed"
            exit 2
        fi
    fi
    if ! apt_install "${missing[@]}"
    then
        say "apt-get could not install them: updating its lists and trying once more"
        as_root apt-get -q update || die "apt-get update failed: see above"
        apt_install "${missing[@]}" || die "apt-get could not install the packages: see above"
    fi
}
