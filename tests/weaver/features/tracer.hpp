#pragma once

#include <cstdio>
#include <utility>

#include "base/weave.hpp"

/// Prints what is entered and left. Every feature is woven with it.
struct OVM_ASPECT OVM_PRECEDES("Around") Tracer
{
    OVM_BEFORE("execution(feature::**) && !within(feature::quiet)") static void enter(const ovm::weave::Join_point& at)
    {
        std::printf("> %s\n", at.function.data());
    }
    OVM_AFTER("execution(feature::**) && !within(feature::quiet)")
    static void leave(const ovm::weave::Join_point& at) { std::printf("< %s\n", at.function.data()); }
};

/// Marks the bodies of what is tagged.
struct OVM_ASPECT Around
{
    OVM_AROUND("execution(feature::**) && !within(feature::quiet) && !tagged(no around)")
    static decltype(auto) around(auto&& proceed)
    {
        std::printf("(\n");
        struct Close
        {
            ~Close() { std::printf(")\n"); }
        } const close{};
        return proceed();
    }
};
