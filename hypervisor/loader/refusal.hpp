#pragma once

#include <cstdint>
#include <string_view>

namespace ovm::loader
{

/// Why a module, or a list of keys, is not taken, as a person is told (docs/reference/loader.md). In the order of the
/// checks.
enum class Refusal : std::uint8_t
{
    // The file and its signature.
    too_short,
    too_large,
    unknown_key,
    revoked_key,
    wrong_signature,
    // The image: the header, its sections, what stands in them.
    not_a_module,
    wrong_size,
    section_outside,
    sections_overlap,
    section_size,
    no_text,
    no_policy,
    too_many_policies,
    too_many_imports,
    bad_version,
    bad_name,
    bad_text,
    too_much_stack,
    unknown_family,
    policy_twice,
    policy_size,
    policy_alignment,
    constructor_outside,
    too_many_parameters,
    parameters_outside,
    parameter_twice,
    parameter_unit,
    parameter_range,
    place_outside,
    places_overlap,
    target_outside,
    // Against the hypervisor that runs.
    foreign_interface,
    unknown_import,
    name_taken,
    policy_taken,
    policy_missing,
    revoked_version,
    // The scan.
    undecodable,
    forbidden_instruction,
    forbidden_prefix,
    branch_outside,
    indirect_branch,
    operand_outside,
    not_an_instruction,
    // Putting it in place.
    no_place,
    no_memory,
    no_slot,
    // A list of keys.
    not_a_key_list,
    old_counter,
    key_comes_back,
    too_many_keys,
    no_key_left,
};

constexpr std::string_view to_text(Refusal refusal)
{
    using enum Refusal;
    switch (refusal)
    {
    case too_short:
        return "it is too short to be signed";
    case too_large:
        return "it is larger than a module may be";
    case unknown_key:
        return "it is signed with a key that this machine does not trust";
    case revoked_key:
        return "it is signed with a key that was revoked";
    case wrong_signature:
        return "its signature is wrong";
    case not_a_module:
        return "it does not begin as a module does";
    case wrong_size:
        return "its size is not the one that it says";
    case section_outside:
        return "a section lies outside of the file";
    case sections_overlap:
        return "two sections overlap";
    case section_size:
        return "a section is no whole number of records";
    case no_text:
        return "it has no code";
    case no_policy:
        return "it provides no policy";
    case too_many_policies:
        return "it provides more policies than a module may";
    case too_many_imports:
        return "it imports more than a module may";
    case bad_version:
        return "its version is 0";
    case bad_name:
        return "a name is not of a-z, 0-9 and `-`, or too long";
    case bad_text:
        return "a text is too long, or not printable";
    case too_much_stack:
        return "it needs more stack than a module may";
    case unknown_family:
        return "it has a policy of a family that modules cannot provide";
    case policy_twice:
        return "two of its policies have one name";
    case policy_size:
        return "a policy's object has no possible size";
    case policy_alignment:
        return "a policy's object wants an alignment that there is not";
    case constructor_outside:
        return "a constructor lies outside of its code";
    case too_many_parameters:
        return "a policy has more parameters than one may";
    case parameters_outside:
        return "a policy's parameters are not in the file";
    case parameter_twice:
        return "two parameters of a policy have one name";
    case parameter_unit:
        return "a parameter has an unknown unit";
    case parameter_range:
        return "a parameter's initial value and range contradict each other";
    case place_outside:
        return "an address to be filled in lies outside of its constants, or is not aligned";
    case places_overlap:
        return "addresses to be filled in are not in order, or overlap";
    case target_outside:
        return "a relocated address leads out of the module";
    case foreign_interface:
        return "it was compiled with another interface than this hypervisor has";
    case unknown_import:
        return "it imports what the hypervisor does not export";
    case name_taken:
        return "a module of that name is loaded, and this one is not newer";
    case policy_taken:
        return "a policy of that name exists";
    case policy_missing:
        return "it lacks a policy of the version before that is in use";
    case revoked_version:
        return "it was revoked, in this version";
    case undecodable:
        return "its code has bytes that are no instruction";
    case forbidden_instruction:
        return "its code has an instruction that modules may not use";
    case forbidden_prefix:
        return "its code has a prefix that modules may not use";
    case branch_outside:
        return "its code branches out of the module";
    case indirect_branch:
        return "its code has an indirect branch that is not through an import";
    case operand_outside:
        return "its code names an address out of the module";
    case not_an_instruction:
        return "an address of code is in the middle of an instruction";
    case no_place:
        return "as many modules are loaded as there may be";
    case no_memory:
        return "no memory";
    case no_slot:
        return "a resource knows as many policies as it can";
    case not_a_key_list:
        return "it does not begin as a list of keys does";
    case old_counter:
        return "its counter is not higher than that of the list before";
    case key_comes_back:
        return "it adds a key that was revoked";
    case too_many_keys:
        return "it names more keys or modules than there may be";
    case no_key_left:
        return "it would leave no key that is trusted";
    }
    return "unknown";
}

} // namespace ovm::loader
