#pragma once

/// What compiler/generator is asked with. A header that asks includes what is written for it, FILE.generated.hpp, after
/// the classes that ask; the build writes that before anything is compiled.

/// Of a class that is the interface of a family. What it declares and nobody defines is written:
///     class Stand_in;                                       a family's object that holds an object::Lead
///     template <typename Way> class Forwarder;              one that asks another through Way::ask(question)
#define OVM_FAMILY [[clang::annotate("ovm::family")]]

/// Before a virtual function of a family that answers no Result: what a stand-in answers at once, with no harm done. Of
/// a function that answers nothing: it may be left undone.
#define OVM_WITHOUT_ANSWER(...) [[clang::annotate("ovm::without_answer", #__VA_ARGS__)]]

/// In a policy's state, behind its enumeration Loss: the names of the bits of `lost`, for people.
#define OVM_LOSSES [[clang::annotate("ovm::losses")]] static constexpr std::span<const std::string_view> losses();
/// Behind an enumerator of Loss: what it is.
#define OVM_LOST(words) [[clang::annotate("ovm::lost", words)]]
