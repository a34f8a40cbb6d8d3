#pragma once

#include <optional>
#include <string>
#include <vector>

/// What the generator takes from Clang's tree: everything that is written is made of these, and they of nothing else.
namespace ovm::compiler
{

/// Where a declaration stands: a file by its name from the root, and a line.
struct Declared_at
{
    std::string file;
    unsigned line = 0;
};

struct Declared_parameter
{
    std::string name;
    std::string declaration; ///< type and name
    std::string type;
    bool moves = false; ///< by value and not trivially copied, or an rvalue reference
};

/// A virtual function that a family's classes may override.
struct Declared_call
{
    Declared_at at;
    std::string name;
    std::string result;
    std::vector<Declared_parameter> parameters;
    std::string qualifiers;                    ///< ` const`, ` noexcept`, ` &`
    std::optional<std::string> without_answer; ///< OVM_WITHOUT_ANSWER: what is answered while nobody can
    bool answers_result = false;
    bool answers_nothing = false;
    bool is_const = false;
    bool is_pure = false;
    bool has_contract = false; ///< `contract_of_NAME` with its parameters
};

/// Where a class stands among namespaces and classes.
struct Declared_scope
{
    std::vector<std::string> namespaces; ///< from outside; an empty name: an unnamed one
    std::string name;                    ///< within them, with the classes around it
};

/// A class that is marked OVM_FAMILY.
struct Declared_family
{
    Declared_at at;
    Declared_scope scope;
    bool wants_stand_in = false;
    bool wants_forwarder = false;
    std::vector<Declared_call> calls;
};

/// A class that has OVM_TRACE_MAP.
struct Declared_trace_map
{
    Declared_at at;
    Declared_scope scope;
    std::string template_head;        ///< `template <typename T>`; empty: it is none
    std::string self;                 ///< the class's name as offsetof takes it, in itself
    std::vector<std::string> members; ///< of type Traced or an array of them, with the members that they are in
};

/// A policy's state that has OVM_LOSSES.
struct Declared_losses
{
    Declared_at at;
    Declared_scope scope;
    std::vector<std::string> names; ///< of the bits of its Loss, from the lowest
};

struct Declarations
{
    std::vector<Declared_family> families;
    std::vector<Declared_trace_map> trace_maps;
    std::vector<Declared_losses> losses;
};

} // namespace ovm::compiler
