# shellcheck shell=bash disable=SC2034
# Building with one line of progress. Sourced by run and test; needs scripts/setup.sh.

# $1: log file; $2: its title. Reads ninja's or CMake's output.
show_progress()
{
    local log=$1 title=$2 line next=$SECONDS width=100
    if [[ -t 1 ]]
    then
        width=$(stty size 2>/dev/null </dev/tty | cut -d' ' -f2)
        [[ ${width:-0} -ge 20 ]] || width=80
    fi
    while IFS= read -r line
    do
        printf '%s\n' "$line" >>"$log"
        [[ $line == '['* ]] || continue
        if [[ -t 1 ]]
        then
            line="ovm: $title $line"
            printf '\r\033[K%s' "${line:0:width-1}"
        elif [[ $SECONDS -ge $next ]]
        then
            say "$title ${line%% *}"
            next=$((SECONDS + 10))
        fi
    done
    if [[ -t 1 ]]
    then
        printf '\r\033[K'
    fi
}

# $1: log; $2: title; then the command.
logged()
{
    local log=$1 title=$2
    shift 2
    : >"$log" || die "cannot write $log"
    if ! "$@" 2>&1 | show_progress "$log" "$title"
    then
        tail -n 40 "$log" >&2
        die "$title failed; the whole log: $log"
    fi
}

# $1: root of the source tree; $2: build directory; then the targets.
# With configure_with_tests=1 the tests are configured too, which needs their packages.
build()
{
    local root=$1 directory=$2
    shift 2
    mkdir -p "$directory" || die "cannot make $directory"
    local tests=OFF
    if [[ ${configure_with_tests:-0} -eq 1 ]] || grep -qs '^OVM_TESTS:BOOL=ON' "$directory/CMakeCache.txt"
    then
        tests=ON
    fi
    if [[ ! -f $directory/build.ninja ]] || ! grep -qs "^OVM_TESTS:BOOL=$tests" "$directory/CMakeCache.txt"
    then
        say "configuring the build"
        logged "$directory/configure.log" configuring cmake -S "$root" -B "$directory" -G Ninja \
            -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 -DOVM_TESTS=$tests
    fi
    say "building (log: $directory/build.log)"
    logged "$directory/build.log" building ninja -C "$directory" "$@"
}
