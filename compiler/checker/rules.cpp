#include "rules.hpp"

#include "llvm/Support/ErrorHandling.h"

namespace ovm::checker
{

Rule_text text_of(Rule rule)
{
    switch (rule)
    {
    case Rule::pointer_arithmetic:
        return {"pointer-arithmetic", "a raw pointer does not know where its object ends, so nothing checks the step",
                "use std::span or std::array, whose indices are checked, and span.subspan() to move on"};
    case Rule::array_subscript:
        return {"array-subscript", "the index of a built-in array is not checked at run time",
                "make it a std::array, or view it as std::span"};
    case Rule::raw_view:
        return {"raw-view",
                "a view made from a place and a length believes whatever length it is told (or looks for a zero)",
                "make it from a whole container, array, literal or view, then subspan(), first() or substr(); "
                "std::string_view(span) makes text of a span"};
    case Rule::pointer_cast:
        return {"pointer-cast", "the cast makes a pointer or reference that the type system did not vouch for",
                "keep the real type, use a typed address (base/address.hpp), or move the access into a trusted file"};
    case Rule::constness_cast:
        return {"const-cast", "a write through it may change what others were promised not to change",
                "pass a mutable reference from where the object is owned, or make the member mutable and guarded"};
    case Rule::bit_cast:
        return {"bit-cast", "a pointer made from bits, or taken apart into bits, escapes every check on pointers",
                "keep pointers as pointers; bit_cast only values that hold none"};
    case Rule::allocation:
        return {"new-delete",
                "lifetimes belong to the allocators of the hypervisor; a hand-made one can dangle or leak",
                "hold the object by value, in std::optional or in a pool, and let create() return Result"};
    case Rule::union_type:
        return {"union", "a union can be read as a type that was not written",
                "use std::variant, or a typed bit field over one integer"};
    case Rule::uninitialised:
        return {"uninitialised", "reading it before the first write is undefined behaviour, and leaks what was there",
                "give it a value where it is declared: `{}` or what it should be"};
    case Rule::inline_assembly:
        return {"inline-assembly", "the compiler takes assembly and processor intrinsics on trust",
                "call a function of hypervisor/arch/ that does it"};
    case Rule::varargs:
        return {"varargs", "neither number nor types of variable arguments are checked",
                "use a parameter pack, std::span or std::initializer_list"};
    case Rule::mutable_global:
        return {"mutable-global", "state that everyone can reach has no owner, no lock and no fault domain",
                "make it constexpr or constinit const, or a member of the object that owns it"};
    case Rule::recursion:
        return {"recursion", "stacks are 16 KiB: a depth that depends on data has no bound",
                "write a loop with a bounded work list"};
    case Rule::jump:
        return {"goto", "a jump hides the invariants of loops and lifetimes",
                "use a loop, a function with return, or TRY"};
    case Rule::long_jump:
        return {"setjmp", "it leaves scopes without running destructors", "return a Result"};
    case Rule::exception:
        return {"exception", "the hypervisor has no unwinder", "return a Result and pass it on with TRY"};
    case Rule::rtti:
        return {"rtti", "the hypervisor has no run-time type information", "use a virtual function or std::variant"};
    case Rule::memory_function:
        return {"memory-function", "it works on raw pointers and believes the length that it is told",
                "use std::ranges::copy or fill on spans, or the typed copy functions of guest memory"};
    case Rule::trace_map:
        return {"trace-map", "the collector frees what it cannot see a reference to",
                "name the member with OVM_TRACED in trace_map(); a reference inside of a member's class must move out"};
    case Rule::trusted_reason:
        return {"trusted-reason", "trusted code is counted and each piece of it must say why",
                "write [[clang::annotate(\"ovm::trusted\", \"why it has to be\")]]"};
    case Rule::trusted_module:
        return {"trusted-module", "a module is loaded because all of it is checked, and has no lines that are believed",
                "leave the annotation out and write what it covers within the safe subset"};
    }
    llvm_unreachable("a rule without text");
}

} // namespace ovm::checker
